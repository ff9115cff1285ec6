import type { Manifest, PullSource } from '../machine/box.ts';
import { AnnyError, hasCode } from '../operation/errors.ts';
import { pointOfNoReturn, runStep, withUndo } from '../operation/step.ts';
import type { Context } from './context.ts';
import { tellLastLines } from './last-lines.ts';
import { ask } from './observe.ts';
import { admit } from './pull.ts';
import type { Answering } from './release.ts';

/** The commit must be in before the old machine resumes by itself; this much of the budget is left for it. */
const COMMIT_MARGIN_MS = 3_000;
/** For telling a machine that is not needed any more. */
const LET_GO_MS = 30_000;
const ASK_AGAIN_ATTEMPTS = 10;
const ASK_AGAIN_INTERVAL_MS = 1_000;

/**
 * Moves the writer role, the data and the traffic from one machine to another. The same call goes forward and back.
 * Until the old machine's commit every failure undoes to "old serves"; after it every failure goes forward.
 * @throws {AnnyError} UNFINISHED when it is not known whether the commit happened, or what follows it failed.
 */
export async function handOver(context: Context, from: Answering, to: Answering): Promise<void> {
  const { operation } = context;
  const told = { lines: false };
  await withUndo(operation, async () => {
    const source = await pullAhead(context, from, to, () => letGo(context, to, told.lines));
    const { hold_budget: budgetMs } = context.settings.config.deploy;
    const deadline = operation.clock.now() + budgetMs;
    const left = await runStep(operation, {
      name: 'hold',
      detail: `new requests wait, at most ${budgetMs / 1000} s; the app of ${from.tags.release} finishes what it has`,
      run: () => from.box.hold(budgetMs),
      undo: () => from.box.resume(),
      describe: size,
    });
    // What its app says is worth showing from here on.
    told.lines = true;
    await runStep(operation, {
      name: 'take over',
      detail: `${to.tags.release} pulls the difference and starts on it`,
      run: () => {
        const leftMs = remaining(context, deadline);
        return to.box.within(operation.clock.now() + leftMs).takeover(source, left, leftMs);
      },
    });
    await runStep(operation, {
      name: 'commit',
      detail: `${from.tags.release} relays`,
      run: () => commit(context, from, to),
    });
    pointOfNoReturn(operation);
  });
  await finishHandover(context, to);
}

/** What follows the commit; safe to do again. */
export async function finishHandover(context: Context, to: Answering): Promise<void> {
  await runStep(context.operation, {
    name: 'activate',
    detail: to.tags.release,
    run: () => forward(to.box.activate(), to),
  });
}

/** While the old machine serves, so that little is left to be moved while requests wait. */
async function pullAhead(
  { operation }: Context,
  from: Answering,
  to: Answering,
  undo: () => Promise<void>,
): Promise<PullSource> {
  return runStep(operation, {
    name: 'pull ahead',
    run: async () => {
      await to.box.stop();
      const source = await admit(from, to);
      await to.box.pull(source);
      return source;
    },
    // Registered here, so that it runs last: clients wait at the old machine, and nobody at the new one.
    undo,
  });
}

/**
 * Nothing was committed to it, and the old machine refuses to from now on: one that cannot be told is no danger, and what
 * served before serves.
 */
async function letGo(context: Context, to: Answering, tellLines: boolean): Promise<void> {
  const { operation } = context;
  if (tellLines) await tellLastLines(context, to);
  await to.box
    .within(operation.clock.now() + LET_GO_MS)
    .stop()
    .catch((error: unknown) => {
      if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
      operation.report.warn(`${to.tags.release} could not be told to stop its app: ${error.found}`);
    });
}

function remaining(context: Context, deadline: number): number {
  const ms = deadline - context.operation.clock.now() - COMMIT_MARGIN_MS;
  if (ms > 0) return ms;
  throw new AnnyError('HANDOVER_UNDONE', {
    doing: 'moving the data while requests wait',
    found: `the budget of ${context.settings.config.deploy.hold_budget / 1000} s is used up`,
    next: 'raise deploy.hold_budget, or look for what makes the app slow to stop (app.stop_grace)',
  });
}

function size(manifest: Manifest): string {
  return `${manifest.files} ${manifest.files === 1 ? 'file' : 'files'}, ${manifest.bytes} bytes`;
}

/**
 * One atomic write on the old machine decides. When its answer is lost the machine is asked what it is now; as long as it
 * cannot be asked nothing is undone, since the new machine may be serving already.
 */
async function commit(context: Context, from: Answering, to: Answering): Promise<void> {
  try {
    await from.box.relay(to.address);
  } catch (error) {
    // Refused: somebody else decides there now.
    if (hasCode(error, 'LEASE_LOST')) throw error;
    const outcome = await askOutcome(context, from, to);
    if (outcome === 'committed') return;
    if (outcome === 'not committed') throw error;
    pointOfNoReturn(context.operation);
    throw new AnnyError('UNFINISHED', {
      doing: `committing on ${from.tags.release}`,
      found: `${from.address} has not answered since, so it is not known whether it relays already`,
      next: 'run the same command again: it asks the machine and goes on, or back, from there',
      cause: error,
    });
  }
}

async function askOutcome(
  context: Context,
  from: Answering,
  to: Answering,
): Promise<'committed' | 'not committed' | 'unknown'> {
  for (let attempt = 0; attempt < ASK_AGAIN_ATTEMPTS; attempt += 1) {
    const now = await ask(context, from).catch((error: unknown) => {
      if (!hasCode(error, 'MACHINE_BUSY')) throw error;
      return undefined;
    });
    const outcome = now !== undefined && 'box' in now ? await decideOutcome(now, to) : 'unknown';
    if (outcome !== 'unknown') return outcome;
    await context.operation.clock.sleep(ASK_AGAIN_INTERVAL_MS);
  }
  return 'unknown';
}

/**
 * The commit may still be under way on the old machine, and a look does not wait for it. `resume` does: it takes its turn,
 * and after it a commit is refused there.
 */
async function decideOutcome(from: Answering, to: Answering): Promise<'committed' | 'not committed' | 'unknown'> {
  try {
    if (from.status.role === 'writer') await from.box.resume().catch(passRefusal);
    const { role, relayTo, held } = await from.box.status();
    if (role === 'relay' && relayTo === to.address) return 'committed';
    return role === 'writer' && held ? 'unknown' : 'not committed';
  } catch (error) {
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
    return 'unknown';
  } finally {
    await from.box.close();
  }
}

/** A machine that has become a relay refuses to resume; what it is now says the rest. */
function passRefusal(error: unknown): void {
  if (!(error instanceof AnnyError) || error.code !== 'BOX_FAILED') throw error;
}

async function forward(effect: Promise<void>, to: Answering): Promise<void> {
  try {
    await effect;
  } catch (error) {
    throw new AnnyError('UNFINISHED', {
      doing: `making ${to.tags.release} the writer`,
      found: error instanceof Error ? error.message : String(error),
      next: 'it serves through the old machine meanwhile; run the same command again to finish',
      cause: error,
    });
  }
}
