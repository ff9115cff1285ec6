import type { Clock } from '../../operation/clock.ts';
import { kindOf, type Probe, type ProbeAnswer } from '../probe.ts';
import type { Resolve } from './resolve.ts';

/** What a look from outside says. `unknown`: the question did not get there, which tells nothing of the app. */
export interface Look {
  readonly state: 'up' | 'down' | 'unknown';
  /** "HTTP 200 in 12 ms", "no answer in time": never what the app wrote, which may hold anything. */
  readonly why: string;
  readonly address: string;
}

export interface Target {
  readonly name: string;
  readonly path: string;
  readonly timeoutMs: number;
}

export interface LookPorts {
  readonly resolve: Resolve;
  readonly probe: Probe;
  readonly clock: Clock;
}

export const LOOK_AGAIN_MS = 5_000;

/** One look, as a client would: where the name leads, by TLS and name. */
export async function look({ resolve, probe }: LookPorts, target: Target): Promise<Look> {
  const led = await resolve(target.name);
  if (led.kind === 'nowhere') return { state: 'down', why: led.why, address: '' };
  if (led.kind === 'unknown') return { state: 'unknown', why: led.why, address: '' };
  const answer = await probe.get({ ...target, address: led.address });
  return { state: stateOf(answer), why: reasonOf(answer), address: led.address };
}

/** One bad answer may be a request that waited for a handover: only the second in a row counts. */
export async function lookTwice(ports: LookPorts, target: Target): Promise<Look> {
  const first = await look(ports, target);
  if (first.state !== 'down') return first;
  await ports.clock.sleep(LOOK_AGAIN_MS);
  return look(ports, target);
}

const STATES = { good: 'up', bad: 'down', inconclusive: 'unknown' } as const;

function stateOf(answer: ProbeAnswer): Look['state'] {
  return STATES[kindOf(answer)];
}

function reasonOf({ problem, status, tookMs }: ProbeAnswer): string {
  return problem ?? `HTTP ${status} in ${Math.round(tookMs)} ms`;
}
