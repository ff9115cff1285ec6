import { nothing } from '../../cloud/account/answers.ts';
import { readAnswer } from '../../cloud/account/call.ts';
import { createOnce } from '../../cloud/account/create-once.ts';
import type { Answer } from '../../cloud/account/send.ts';
import { settle } from '../../cloud/account/settle.ts';
import type { Clock } from '../../operation/clock.ts';
import { call, type Happening, isServerLate, noteChange, type Operator, SERVER_LATE_MS } from './operator.ts';
import type { World } from './world.ts';

/** The account's API as the network lets it through, with the real client's retries and look-ups above it. */
export interface SimulatedApi {
  /** Asks, or changes what may be changed twice. */
  ask<T>(name: string, effect: () => T): Promise<T>;
  /** Makes something, once: an unknown outcome is looked up. */
  make<T>(name: string, effect: () => T, lookUp: () => Promise<T | undefined>): Promise<T>;
}

const URL = 'simulated';
const CHANGES = /^(createInstance|createRecord|tag|halt|start|destroy|point|setRecord|attach|detach)/;
const NEVER_SENT = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
const BROKEN_OFF = Object.assign(new Error('reset'), { code: 'ECONNRESET' });

const DONE = answer(200);
const REFUSED = answer(400, '{"error":"refused"}');
const THROTTLED = answer(429, '{"error":"too many requests"}');
const DOWN = answer(503, '{"error":"service unavailable"}');
const UNREACHABLE: Answer = { ...answer(0), problem: NEVER_SENT };
const NOT_ANSWERED: Answer = { ...answer(0), problem: BROKEN_OFF };

function answer(status: number, text = ''): Answer {
  return { status, text, retryAfterMs: undefined };
}

/** For how long it is slow, and how long it takes for each call meanwhile. */
const SLOW_MS = 60_000;
const SLOW_CALL_MS = [9_000, 16_000] as const;

function slowness({ timeline, random }: World): Promise<void> {
  return new Promise((resolve) => timeline.wakeAfter(random.int(...SLOW_CALL_MS), resolve));
}

export function apiOf(world: World, operator: Operator, clock: Clock): SimulatedApi {
  const once = async <T>(name: string, creates: boolean, effect: () => T): Promise<T> => {
    const made: { done?: { readonly value: T } } = {};
    const act = (): void => {
      made.done = { value: effect() };
      if (CHANGES.test(name)) noteChange(world, operator);
    };
    const attempt = (): Promise<Answer> =>
      call(world, operator, `cloud.${name}`, async (what) => {
        if (world.timeline.now() < world.weather.slowUntil) await slowness(world);
        return answered(world, operator, what, act);
      });
    const settled = await settle(clock, { creates }, attempt);
    readAnswer(URL, { method: 'POST', path: `/${name}`, doing: name, answer: nothing, creates }, settled);
    // Answered with success: then it has been done.
    if (made.done === undefined) throw new Error(`${name} was answered and not done`);
    return made.done.value;
  };
  return {
    ask: (name, effect) => once(name, false, effect),
    make: (name, effect, lookUp) => createOnce(clock, { create: () => once(name, true, effect), lookUp }),
  };
}

/** What becomes of one try, and of those that come soon after it. */
function answered(world: World, operator: Operator, what: Happening | undefined, act: () => void): Answer {
  const { random, timeline, weather } = world;
  const now = timeline.now();
  if (what === 'never boots') weather.stillborn = true;
  if (isServerLate(what)) weather.serverLateMs = SERVER_LATE_MS[what];
  if (what === 'late detach') weather.detachLate = true;
  if (what === 'API slow') weather.slowUntil = now + SLOW_MS;
  if (what === 'throttled') weather.throttledUntil = now + random.int(1_000, 60_000);
  if (what === 'API down') weather.downUntil = now + random.int(1_000, 120_000);
  if (what === 'unreachable before' || what === 'unreachable after') {
    operator.offlineUntil = now + random.int(20_000, 60_000);
    if (what === 'unreachable before') return NOT_ANSWERED;
    act();
    return NOT_ANSWERED;
  }
  if (now < operator.offlineUntil) return UNREACHABLE;
  if (now < weather.throttledUntil) return THROTTLED;
  // A server that fails may have done what it was asked before.
  if (now < weather.downUntil) {
    if (random.chance(0.3)) act();
    return DOWN;
  }
  if (what === 'refused') return REFUSED;
  act();
  return what === 'done and 500' ? DOWN : DONE;
}
