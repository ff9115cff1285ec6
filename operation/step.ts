import type { Clock } from './clock.ts';
import { AnnyError, ERROR_CODES, hasCode } from './errors.ts';
import type { Journal, JournalEntry } from './journal.ts';
import type { Report, StepReport } from './report.ts';

/** What every operation runs with. */
export interface Operation {
  /** Unique for this run; tagged on what it makes. */
  readonly id: string;
  readonly command: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly report: Report;
  /** Undos of the steps done so far, newest last. */
  readonly undos: Undo[];
  /** What went wrong without making the command fail; part of its answer. */
  readonly warnings: string[];
  /** Ctrl-C: heeded before each step and in interruptible ones, until the point of no return. */
  readonly interrupt: AbortSignal;
  /** Of a step that runs beside others: one of them has failed, its error is the reason. */
  readonly beside?: AbortSignal;
  readonly held: Held;
  /** A step before which it stops by itself: what was done so far is left for a look. */
  readonly stopBefore?: string;
  /** True after the point of no return. */
  forward: boolean;
}

/** Told at once, and again with the answer. */
export function warn({ warnings, report }: Pick<Operation, 'warnings' | 'report'>, text: string): void {
  warnings.push(text);
  report.warn(text);
}

/** Shared by whatever runs under the same lease. */
export interface Held {
  /** undefined where none is needed, or not yet. */
  lease: Proof | undefined;
}

/** Proof that nobody else works there. */
export interface Proof {
  /** Grows with every holder; machines refuse what comes with a lower one than they know. */
  readonly token: number;
  /** @throws {AnnyError} LEASE_LOST when somebody else may work there by now. */
  require(): Promise<void>;
  /** @throws {AnnyError} LEASE_LOST when somebody else has taken over, for sure: what is only unsure must not keep anybody from taking back. */
  refuseWhenTaken(): Promise<void>;
  /** A machine knows a higher token: a holder that still is one takes a higher one still. */
  outbid(known: number): Promise<void>;
}

interface Undo {
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface Step<T> {
  readonly name: string;
  readonly detail?: string;
  readonly run: (progress: StepReport) => Promise<T>;
  /** A wait without an effect of its own: Ctrl-C ends it at once. */
  readonly interruptible?: boolean;
  /** Takes back the effect, also of a run that failed half-way; safe when there was none. */
  readonly undo?: () => Promise<void>;
  /** One short line about the result, for the screen. */
  readonly describe?: (result: T) => string;
}

/** Runs one step: intent before the effect, result after it, undo remembered before the effect begins. */
export async function runStep<T>(operation: Operation, step: Step<T>): Promise<T> {
  const record = (event: JournalEntry['event'], data?: JournalEntry['data']): Promise<void> =>
    operation.journal.append({
      at: operation.clock.now(),
      operation: operation.id,
      command: operation.command,
      step: step.name,
      event,
      ...(data === undefined ? {} : { data }),
    });
  refuseInterrupted(operation);
  operation.beside?.throwIfAborted();
  if (operation.stopBefore === step.name) throw stoppedBefore(operation);
  await operation.held.lease?.require();
  await record('intent');
  if (step.undo !== undefined) operation.undos.push({ name: step.name, run: step.undo });
  const shown = operation.report.step(step.name, step.detail);
  try {
    const result = await (step.interruptible ? untilInterrupted(operation, step.run(shown)) : step.run(shown));
    const summary = step.describe?.(result);
    await record('result', summary === undefined ? undefined : { summary });
    shown.done(summary);
    return result;
  } catch (error) {
    const stopped = operation.beside?.aborted === true && operation.beside.reason === error;
    const reason = stopped ? 'stopped with a step beside it' : messageOf(error);
    if (stopped) shown.stopped(reason);
    else shown.failed(reason);
    await record('failed', { reason });
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** From here on a failure goes forward: nothing done so far is taken back. */
export function pointOfNoReturn(operation: Operation): void {
  operation.undos.length = 0;
  operation.forward = true;
}

/** Everything is as it was before: a failure is a plain failure again. */
export function cameBack(operation: Operation): void {
  operation.forward = false;
}

const EXIT_UNFINISHED = ERROR_CODES.UNFINISHED;

/** Runs `body`; a failure after the point of no return says that something was moved, whatever its own code says. */
export async function orUnfinished<T>(operation: Operation, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!operation.forward || !(error instanceof AnnyError) || error.exitCode === EXIT_UNFINISHED) throw error;
    throw new AnnyError('UNFINISHED', {
      doing: error.doing,
      found: `${error.found} (what ${operation.command} had moved by then stays moved)`,
      next: `anny-bluegreen status says what is there and what to do; ${error.next}`,
      cause: error,
    });
  }
}

function stoppedBefore({ command, stopBefore }: Operation): AnnyError {
  return new AnnyError('STOPPED', {
    doing: command,
    found: `it stopped before "${stopBefore}", as you wished`,
    next: 'look at what is there; nothing goes on from here',
  });
}

function refuseInterrupted(operation: Operation): void {
  if (operation.interrupt.aborted && !operation.forward) throw interrupted(operation);
}

function untilInterrupted<T>(operation: Operation, work: Promise<T>): Promise<T> {
  if (operation.forward) return work;
  const { interrupt, beside } = operation;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(interrupted(operation));
    const stopToo = (): void => reject(beside?.reason);
    interrupt.addEventListener('abort', stop, { once: true });
    beside?.addEventListener('abort', stopToo, { once: true });
    if (interrupt.aborted) stop();
    if (beside?.aborted) stopToo();
    work.then(resolve, reject).finally(() => {
      interrupt.removeEventListener('abort', stop);
      beside?.removeEventListener('abort', stopToo);
    });
  });
}

function interrupted(operation: Operation): AnnyError {
  return new AnnyError('INTERRUPTED', {
    doing: operation.command,
    found: 'you stopped it',
    next: 'what it had done was taken back; run it again when you like',
  });
}

/** Takes the steps back, newest first. A failing undo does not stop the others; what failed is returned. */
export async function undoAll(operation: Operation): Promise<readonly string[]> {
  const failures: string[] = [];
  for (let undo = operation.undos.pop(); undo !== undefined; undo = operation.undos.pop()) {
    const shown = operation.report.step(`undo ${undo.name}`);
    try {
      await operation.held.lease?.require();
      await undo.run();
      shown.done();
    } catch (error) {
      const reason = messageOf(error);
      shown.failed(reason);
      failures.push(`${undo.name}: ${reason}`);
    }
  }
  return failures;
}

/** Runs `body`; on any failure before the point of no return everything is undone before the error goes on. */
export async function withUndo<T>(operation: Operation, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    // Somebody else works there by now: nothing is taken back under their hands.
    if (hasCode(error, 'LEASE_LOST')) operation.undos.length = 0;
    const failures = await undoAll(operation);
    if (failures.length === 0) throw error;
    throw new AnnyError('UNFINISHED', {
      doing: `taking back ${operation.command}`,
      found: failures.join('; '),
      next: 'anny-bluegreen status says what is left and what to do',
      cause: error,
    });
  }
}
