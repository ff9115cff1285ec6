import type { HeldState, PullSource } from '../box.ts';
import type { TrialMachine } from './machines.ts';

const TAKEOVER_TIMEOUT_MS = 15_000;

/** What `takeover` is told. */
export interface Moved {
  readonly source: PullSource;
  readonly left: HeldState;
}

/** The verbs of a handover in their order, nothing between them: up to where the old machine is held. */
export async function holdFor(from: TrialMachine, to: TrialMachine, budgetMs = 20_000): Promise<Moved> {
  await to.box.stop();
  await from.box.admit(await to.box.pullKey(), to.address);
  const source = { address: from.address, hostPublicKey: (await from.box.status()).hostPublicKey };
  await to.box.pull(source);
  return { source, left: await from.box.hold(budgetMs) };
}

/** Up to where the commit would come. */
export async function moveState(from: TrialMachine, to: TrialMachine, budgetMs?: number): Promise<Moved> {
  const moved = await holdFor(from, to, budgetMs);
  await to.box.takeover(moved.source, moved.left, TAKEOVER_TIMEOUT_MS);
  return moved;
}

export async function handOver(from: TrialMachine, to: TrialMachine): Promise<void> {
  await moveState(from, to);
  await from.box.relay(to.address);
  await to.box.activate();
}
