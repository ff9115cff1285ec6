import type { Clock } from '../operation/clock.ts';
import { AnnyError } from '../operation/errors.ts';
import type { Box, Machines } from './box.ts';

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 500;

/**
 * Machines whose connection may break: every verb is safe to do again, so it is repeated over a new connection. That also
 * answers the question whether a verb whose answer was lost took effect. Streams are not repeated.
 */
export function steadyMachines(machines: Machines, clock: Clock): Machines {
  return {
    connect: async (target) => {
      const first = await machines.connect(target);
      return steadyBox(
        { box: first, address: target.address, reconnect: (untilMs) => machines.connect({ ...target, untilMs }) },
        clock,
      );
    },
  };
}

/** What everybody who holds the same steady box shares: the connection that is open now. */
interface Line {
  box: Box | undefined;
  readonly address: string;
  readonly reconnect: (untilMs: number) => Promise<Box>;
}

/** @param untilMs The clock's time after which nothing is waited for any more. */
function steadyBox(line: Line, clock: Clock, untilMs = Number.POSITIVE_INFINITY): Box {
  async function once<T>(act: (box: Box) => Promise<T>): Promise<T> {
    line.box ??= await line.reconnect(untilMs);
    return act(untilMs === Number.POSITIVE_INFINITY ? line.box : line.box.within(untilMs));
  }
  async function again<T>(act: (box: Box) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once(act);
      } catch (error) {
        if (!isBroken(error)) throw error;
        await line.box?.close().catch(() => undefined);
        line.box = undefined;
        if (attempt >= ATTEMPTS || clock.now() >= untilMs) throw error;
        await clock.sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
      }
    }
  }
  return {
    address: line.address,
    status: () => again((one) => one.status()),
    claim: () => again((one) => one.claim()),
    prepare: (release, slot) => again((one) => one.prepare(release, slot)),
    secrets: (files) => again((one) => one.secrets(files)),
    compareSecrets: (files) => again((one) => one.compareSecrets(files)),
    useSecrets: (files) => again((one) => one.useSecrets(files)),
    // Done again it would be a second one.
    restart: () => once((one) => one.restart()),
    restore: (snapshot) => again((one) => one.restore(snapshot)),
    start: (timeoutMs) => again((one) => one.start(timeoutMs)),
    stop: () => again((one) => one.stop()),
    pass: (token) => again((one) => one.pass(token)),
    activate: (after) => again((one) => one.activate(after)),
    hold: (budgetMs) => again((one) => one.hold(budgetMs)),
    resume: () => again((one) => one.resume()),
    relay: (to) => again((one) => one.relay(to)),
    unfence: (after) => again((one) => one.unfence(after)),
    fence: () => again((one) => one.fence()),
    pullKey: () => again((one) => one.pullKey()),
    admit: (publicKey, address) => again((one) => one.admit(publicKey, address)),
    pull: (source) => again((one) => one.pull(source)),
    takeover: (source, held, timeoutMs) => again((one) => one.takeover(source, held, timeoutMs)),
    backup: () => again((one) => one.backup()),
    certificate: () => again((one) => one.certificate()),
    logs: (lines, all) => again((one) => one.logs(lines, all)),
    ps: () => again((one) => one.ps()),
    traffic: (seconds) => again((one) => one.traffic(seconds)),
    history: () => again((one) => one.history()),
    within: (ms) => steadyBox(line, clock, Math.min(ms, untilMs)),
    close: async () => line.box?.close(),
  };
}

function isBroken(error: unknown): boolean {
  return error instanceof AnnyError && error.code === 'MACHINE_UNREACHABLE';
}
