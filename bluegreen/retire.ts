import { AnnyError, hasCode } from '../operation/errors.ts';
import { runStep, warn } from '../operation/step.ts';
import type { Context } from './context.ts';
import { discard } from './discard.ts';
import { isHealthy, probeHealth } from './gates.ts';
import { observe, type World } from './observe.ts';
import { describeAnswer } from './probe.ts';
import { type Candidate, dueStandbys, namedForRetirement, type RetireRules } from './retirement.ts';
import { hookAfter, hookBefore } from './run-hook.ts';
import { judge, type Situation } from './situation.ts';

export interface RetireWish {
  /** Release name; undefined means every standby that is due. */
  readonly release: string | undefined;
  /** Also inside its window, with traffic, or without an answer; only together with a name. */
  readonly force: boolean;
}

export interface Retirement {
  readonly release: string;
  readonly retired: boolean;
  readonly reason: string;
}

type Live = Extract<Situation, { kind: 'live' }>;

/**
 * Destroys standbys whose window is over and whose traffic has ended. Everything is asked again right before each destroy: the
 * first look may be as old as a question that somebody had to answer.
 * @throws {AnnyError} REFUSED when the one that was named must stay.
 */
export async function retire(context: Context, world: World, wish: RetireWish): Promise<readonly Retirement[]> {
  const results: Retirement[] = [];
  for (const { machine, stays } of decide(context, world, wish)) {
    const { release } = machine.tags;
    // Before the last look, not after it: a program of the operator's own takes its time.
    if (stays === undefined) await hookBefore(context, 'pre-retire', { release: machine });
    const reason = stays ?? (await destroyUnlessItStays(context, { ...wish, release }, wish.release !== undefined));
    if (reason === undefined) await hookAfter(context, 'post-retire', { release: machine });
    if (reason !== undefined && wish.release !== undefined) throw mustStay(release, reason, wish.force);
    results.push({
      release,
      retired: reason === undefined,
      reason: reason ?? 'its window is over, and nothing is relayed any more',
    });
  }
  return results;
}

async function destroyUnlessItStays(
  context: Context,
  wish: RetireWish & { readonly release: string },
  named: boolean,
): Promise<string | undefined> {
  const world = await observe(context);
  try {
    const found = decide(context, world, named ? wish : { release: undefined, force: false });
    const candidate = found.find(({ machine }) => machine.tags.release === wish.release);
    if (candidate === undefined || candidate.stays !== undefined) return candidate?.stays ?? 'it is gone already';
    const ill = wish.force ? undefined : await writerIsIll(context, requireLive(world));
    if (ill !== undefined) return ill;
    await runStep(context.operation, {
      name: 'retire',
      detail: wish.release,
      run: () => discard(context, candidate.machine),
    });
    return undefined;
  } finally {
    await world.close();
  }
}

/** What is left must serve: only its own answer proves that. */
async function writerIsIll(context: Context, { writer }: Live): Promise<string | undefined> {
  const answer = await probeHealth(context, writer);
  if (isHealthy(answer)) return undefined;
  return `${writer.tags.release} does not serve well just now: ${describeAnswer(answer)}`;
}

function decide(context: Context, world: World, wish: RetireWish): readonly Candidate[] {
  const live = requireLive(world);
  const rules = retireRules(context);
  if (wish.release === undefined) return dueStandbys(world, live, rules);
  if (wish.release === live.writer.tags.release) {
    throw new AnnyError('REFUSED', {
      doing: `retiring ${wish.release}`,
      found: 'it is the live release',
      next: 'promote or roll back to another one first',
    });
  }
  const all = [...live.standbys, ...live.silent, ...live.strays];
  const machine = all.find(({ tags }) => tags.release === wish.release);
  if (machine === undefined) {
    throw new AnnyError('USAGE', {
      doing: `retiring ${wish.release}`,
      found: `there is no such release beside ${live.writer.tags.release}: ${all.map(({ tags }) => tags.release).join(', ') || 'none'}`,
      next: 'anny-bluegreen status lists them',
    });
  }
  return [namedForRetirement(world, live, machine, { ...rules, force: wish.force })];
}

export function retireRules({ settings }: Pick<Context, 'settings'>): RetireRules {
  const { ttl, standby_window: window } = settings.config.deploy;
  return { windowSeconds: window / 1000, ttlSeconds: ttl / 1000 };
}

function requireLive(world: World): Live {
  const situation = judge(world);
  if (situation.kind === 'live' && !situation.writer.status.held && situation.writer.status.app.running)
    return situation;
  throw new AnnyError('REFUSED', {
    doing: 'retiring a standby',
    found: 'no live release is seen to serve, so what is left may be the only copy',
    next: 'anny-bluegreen status says what to do first',
  });
}

function mustStay(release: string, reason: string, forced: boolean): AnnyError {
  return new AnnyError('REFUSED', {
    doing: `retiring ${release}`,
    found: reason,
    next: forced ? 'anny-bluegreen status says what to do first' : `wait, or: anny-bluegreen retire ${release} --force`,
  });
}

/** What a promote does at its end. It has succeeded: a standby that cannot be destroyed is a warning, no more. */
export async function retireDue(context: Context): Promise<void> {
  if (context.settings.config.deploy.retire === 'manual') return;
  try {
    const world = await observe(context);
    const results = await retire(context, world, { release: undefined, force: false }).finally(() => world.close());
    for (const { release, retired, reason } of results) {
      if (retired) context.operation.report.note(`${release} is destroyed: ${reason} (deploy.retire)`);
    }
  } catch (error) {
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
    warn(context.operation, `standbys that are due stay: ${error.found}`);
  }
}
