import type { Clock } from '../operation/clock.ts';
import { AnnyError } from '../operation/errors.ts';
import type { Box, Machines } from './box.ts';

/** `ufw limit` refuses an address that came 6 times within 30 s; each further try counts, so tries are far apart. */
const PAUSES_MS = [5_000, 10_000, 15_000, 10_000];

/** Machines that refuse a connection are tried again: it may be their firewall's limit. A booting one is the caller's to wait for. */
export function patientMachines(machines: Machines, clock: Clock, tell: (text: string) => void): Machines {
  return {
    connect: async (target) => {
      for (const pauseMs of target.booting ? [] : PAUSES_MS) {
        const connected = await tryTo(() => machines.connect(target));
        if (connected !== undefined) return connected;
        if (clock.now() + pauseMs > (target.untilMs ?? Number.POSITIVE_INFINITY)) break;
        tell(
          `${target.address} refuses SSH: its firewall lets an address in 6 times in 30 s; waiting ${pauseMs / 1000} s`,
        );
        await clock.sleep(pauseMs);
      }
      return machines.connect(target);
    },
  };
}

async function tryTo(connect: () => Promise<Box>): Promise<Box | undefined> {
  try {
    return await connect();
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** Five knocks in five seconds are let in; after them, one in seven. */
const QUICK_KNOCKS_MS = [700, 1_000, 1_300, 2_000];
const SLOW_KNOCK_MS = 7_000;

/**
 * When to knock again at a machine that boots, after the error of the last knock. Its firewall may be up before its sshd:
 * quick knocks for longer would use the limit up, and keep it used up. `intervalMs`: while it does not even refuse.
 */
export function knocks(intervalMs: number): (error: AnnyError) => number {
  let refused = 0;
  return (error) => {
    if (!isRefusal(error)) return intervalMs;
    refused += 1;
    return QUICK_KNOCKS_MS[refused - 1] ?? SLOW_KNOCK_MS;
  };
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof AnnyError) || error.code !== 'MACHINE_UNREACHABLE') return false;
  return error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'ECONNREFUSED';
}
