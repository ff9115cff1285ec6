import { age } from '../age.ts';
import type { Tell } from './alert.ts';
import { type Look, type LookPorts, look, lookTwice, type Target } from './look.ts';
import type { Memory } from './memory.ts';

export interface TurnPorts extends LookPorts {
  readonly memory: Memory;
  /** undefined: there is nobody to tell. */
  readonly tell: Tell | undefined;
  /** Where it is looked from: a computer's name. */
  readonly from: string;
}

export interface Turn extends Look {
  /** What there is to tell; "" when nothing has changed. */
  readonly alert: string;
  /** False also where there is nobody to tell. */
  readonly told: boolean;
}

/** One look, and an alert when what is seen has changed. Where there is somebody to tell, it is remembered only once it is told: a webhook that fails is told again. */
export async function turn(ports: TurnPorts, target: Target): Promise<Turn> {
  const before = await ports.memory.recall();
  const known = before?.state ?? 'up';
  const seen = await (known === 'up' ? lookTwice : look)(ports, target);
  if (seen.state === 'unknown' || seen.state === known) return { ...seen, alert: '', told: false };
  const now = ports.clock.now();
  const lasted = before === undefined ? '' : ` after ${age((now - before.sinceMs) / 1000)}`;
  const alert = `${target.name} is ${seen.state.toUpperCase()} (was ${known.toUpperCase()})${lasted}, seen from ${ports.from}: ${seen.why}`;
  await ports.tell?.(alert);
  await ports.memory.keep({ state: seen.state, sinceMs: now });
  return { ...seen, alert, told: ports.tell !== undefined };
}
