import type { Clock } from '../operation/clock.ts';
import { AnnyError } from '../operation/errors.ts';
import type { Machines } from './box.ts';

/** `ufw limit` refuses an address that came 6 times within 30 s; each further try counts, so tries are far apart. */
const PAUSES_MS = [5_000, 10_000, 15_000, 10_000];

interface Patience {
  readonly address: string;
  readonly clock: Clock;
  readonly tell: (text: string) => void;
  /** By the clock; undefined for no end. */
  readonly untilMs?: number | undefined;
}

/** Machines that refuse a connection are tried again: it may be their firewall's limit. A booting one is the caller's to wait for. */
export function patientMachines(machines: Machines, clock: Clock, tell: (text: string) => void): Machines {
  return {
    connect: (target) => {
      const connect = () => machines.connect(target);
      return target.booting
        ? connect()
        : patiently({ address: target.address, untilMs: target.untilMs, clock, tell }, connect);
    },
  };
}

export async function patiently<T>({ address, clock, tell, untilMs }: Patience, connect: () => Promise<T>): Promise<T> {
  for (const pauseMs of PAUSES_MS) {
    const tried = await tryTo(connect);
    if (tried !== undefined) return tried.connected;
    if (clock.now() + pauseMs > (untilMs ?? Number.POSITIVE_INFINITY)) break;
    tell(`${address} refuses SSH: its firewall lets an address in 6 times in 30 s; waiting ${pauseMs / 1000} s`);
    await clock.sleep(pauseMs);
  }
  return connect();
}

async function tryTo<T>(connect: () => Promise<T>): Promise<{ readonly connected: T } | undefined> {
  try {
    return { connected: await connect() };
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** Five knocks in five seconds are let in; after them, one in seven. */
const QUICK_KNOCKS_MS = [500, 700, 1_100, 2_200];
const SLOW_KNOCK_MS = 7_000;
/** Nothing came as far as the machine's firewall, or the try took long by itself. */
const NOT_HEARD = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ETIMEDOUT']);

/**
 * When to knock again at a machine that boots, after the error of the last knock. Its firewall may be up before its sshd, and its
 * sshd before who may log in: quick knocks for longer would use the limit up, and keep it used up. undefined: it heard nothing.
 */
export function knocks(): (error: AnnyError) => number | undefined {
  let heard = 0;
  return ({ cause }) => {
    const isTimeout = cause instanceof Error && /timed? ?out/i.test(cause.message);
    if (isTimeout || NOT_HEARD.has(codeOf(cause))) return undefined;
    heard += 1;
    return QUICK_KNOCKS_MS[heard - 1] ?? SLOW_KNOCK_MS;
  };
}

function isRefusal(error: unknown): boolean {
  return error instanceof AnnyError && error.code === 'MACHINE_UNREACHABLE' && codeOf(error.cause) === 'ECONNREFUSED';
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
