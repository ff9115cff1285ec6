import type { Clock } from '../operation/clock.ts';
import { AnnyError } from '../operation/errors.ts';
import type { Operation } from '../operation/step.ts';
import type { Box, Machines } from './box.ts';

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 500;

/** Asked before each verb that changes something, also before it is repeated: rejects when somebody else decides there by now. */
export type Permit = () => Promise<void>;

/** By the lease that an operation holds by then; without one nobody is in the way. */
export function permitOf({ held }: Pick<Operation, 'held'>): Permit {
  return async () => held.lease?.refuseWhenTaken();
}

/**
 * Machines whose connection may break: every verb is safe to do again, so it is repeated over a new connection. That also
 * answers the question whether a verb whose answer was lost took effect. Streams are not repeated.
 */
export function steadyMachines(machines: Machines, clock: Clock, permit: Permit): Machines {
  return {
    connect: async (target) => {
      const first = await machines.connect(target);
      return steadyBox(
        {
          box: first,
          address: target.address,
          permit,
          reconnect: (untilMs) => machines.connect({ ...target, untilMs }),
        },
        clock,
      );
    },
  };
}

/** What everybody who holds the same steady box shares: the connection that is open now. */
interface Line {
  box: Box | undefined;
  readonly address: string;
  readonly permit: Permit;
  readonly reconnect: (untilMs: number) => Promise<Box>;
}

/** @param untilMs The clock's time after which nothing is waited for any more. */
function steadyBox(line: Line, clock: Clock, untilMs = Number.POSITIVE_INFINITY): Box {
  async function once<T>(act: (box: Box) => Promise<T>): Promise<T> {
    line.box ??= await line.reconnect(untilMs);
    return act(untilMs === Number.POSITIVE_INFINITY ? line.box : line.box.within(untilMs));
  }
  const allowed = async <T>(act: (box: Box) => Promise<T>): Promise<T> => {
    await line.permit();
    return once(act);
  };
  async function repeat<T>(attemptOnce: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await attemptOnce();
      } catch (error) {
        if (!isBroken(error)) throw error;
        await line.box?.close().catch(() => undefined);
        line.box = undefined;
        if (attempt >= ATTEMPTS || clock.now() >= untilMs) throw error;
        await clock.sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
      }
    }
  }
  const look = <T>(act: (box: Box) => Promise<T>): Promise<T> => repeat(() => once(act));
  const again = <T>(act: (box: Box) => Promise<T>): Promise<T> => repeat(() => allowed(act));
  return {
    address: line.address,
    status: () => look((one) => one.status()),
    claim: () => look((one) => one.claim()),
    prepare: (release, slot) => again((one) => one.prepare(release, slot)),
    secrets: (files) => again((one) => one.secrets(files)),
    compareSecrets: (files) => look((one) => one.compareSecrets(files)),
    useSecrets: (files) => again((one) => one.useSecrets(files)),
    // Done again it would be a second one.
    restart: () => allowed((one) => one.restart()),
    restore: (snapshot) => again((one) => one.restore(snapshot)),
    start: (timeoutMs) => again((one) => one.start(timeoutMs)),
    stop: () => again((one) => one.stop()),
    pass: (token) => again((one) => one.pass(token)),
    activate: (after) => again((one) => one.activate(after)),
    hold: (budgetMs) => again((one) => one.hold(budgetMs)),
    resume: () => again((one) => one.resume()),
    relay: (to) => again((one) => one.relay(to)),
    // Done again later it would keep clients out for nothing.
    leave: () => allowed((one) => one.leave()),
    answerAt: (address) => again((one) => one.answerAt(address)),
    unfence: (after) => again((one) => one.unfence(after)),
    fence: () => again((one) => one.fence()),
    pullKey: () => again((one) => one.pullKey()),
    admit: (publicKey, address) => again((one) => one.admit(publicKey, address)),
    pull: (source) => again((one) => one.pull(source)),
    takeover: (source, held, timeoutMs) => again((one) => one.takeover(source, held, timeoutMs)),
    backup: () => again((one) => one.backup()),
    certificate: () => again((one) => one.certificate()),
    logs: (lines, all) => look((one) => one.logs(lines, all)),
    ps: () => look((one) => one.ps()),
    traffic: (seconds) => look((one) => one.traffic(seconds)),
    history: () => look((one) => one.history()),
    within: (ms) => steadyBox(line, clock, Math.min(ms, untilMs)),
    close: async () => line.box?.close(),
  };
}

function isBroken(error: unknown): boolean {
  return error instanceof AnnyError && error.code === 'MACHINE_UNREACHABLE';
}
