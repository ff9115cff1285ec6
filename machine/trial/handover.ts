import type { Manifest } from '../box.ts';
import type { TrialMachine } from './machines.ts';

/** The verbs of a handover in their order, nothing between them. */
export async function moveState(from: TrialMachine, to: TrialMachine, budgetMs = 20_000): Promise<Manifest> {
  await to.box.stop();
  await from.box.admit(await to.box.pullKey(), to.address);
  const source = { address: from.address, hostPublicKey: (await from.box.status()).hostPublicKey };
  await to.box.pull(source);
  await from.box.hold(budgetMs);
  const left = await from.box.quiesce();
  const arrived = await to.box.pull(source);
  if (left.digest !== arrived.digest) throw new Error('another state arrived than the one that was left');
  return arrived;
}

export async function handOver(from: TrialMachine, to: TrialMachine): Promise<Manifest> {
  const moved = await moveState(from, to);
  await to.box.takeover(from.address, 15_000);
  await from.box.relay(to.address);
  await to.box.activate();
  return moved;
}
