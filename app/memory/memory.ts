import type { Contents } from './contents.ts';
import type { Outcome, Wish } from './decide.ts';
import { decide } from './decide.ts';
import { reasonOf } from './disk.ts';
import type { Change, Draft, Entry, EntryId } from './entry.ts';
import type { Ledger } from './ledger.ts';
import type { Page } from './page.ts';
import { MemoryProblem, problemOf } from './problem.ts';
import { createQueue, type Waiting } from './queue.ts';

export interface Condition {
  readonly state: 'ok' | 'failing' | 'refused';
  /** "" when ok. */
  readonly reason: string;
}

/** What Anny remembers. Reads see only what is durable. Everything throws or rejects with a MemoryProblem. */
export interface Memory {
  readonly condition: Condition;
  readonly count: number;
  readonly bytes: number;
  /** The `seq` of the newest entry that there ever was; 0 for none. */
  readonly latest: number;
  get(id: EntryId): Entry | undefined;
  page(after: number, limit: number): Page;
  search(words: readonly string[], after: number, limit: number): Promise<Page>;
  /** Resolves when the outcome is on disk. */
  put(draft: Draft): Promise<Outcome>;
  remove(id: EntryId): Promise<Outcome>;
  /** Calls `listener` with every change once it is on disk, in their order, until the returned function is called. */
  watch(listener: (change: Change) => void): () => void;
  /** Writes nothing that stays, durably: whether a failing disk works again. */
  probe(): Promise<void>;
  /** Finishes what was asked, then folds everything into memory.json. */
  close(): Promise<void>;
}

export interface Limits {
  /** memory.json is at most about this far behind while the service runs. */
  readonly foldAfterMs: number;
  readonly foldAfterBytes: number;
  readonly maxBytes: number;
}

/** Whatever is asked while a batch is on its way to the disk goes together in the next one: one fsync for all of it. */
export function createMemory(
  contents: Contents,
  ledger: Ledger,
  limits: Limits,
  now: () => Date,
  warn: (message: string) => void,
): Memory {
  const queue = createQueue();
  const listeners = new Set<(change: Change) => void>();
  let condition: Condition = { state: 'ok', reason: '' };
  let working: Promise<void> | undefined;
  let folding: Promise<void> | undefined;
  let foldAskedAt = now().getTime();
  let foldFailed = false;
  let closing = false;
  const timer = setInterval(() => wake(), limits.foldAfterMs / 4).unref();

  function ask(wish: Wish): Promise<Outcome> {
    if (condition.state === 'refused') return Promise.reject(new MemoryProblem('refused', condition.reason));
    if (closing) return Promise.reject(new MemoryProblem('busy', 'Anny is stopping. Send it again.'));
    const answer = queue.ask(wish);
    wake();
    return answer;
  }

  function wake(): void {
    working ??= work().finally(() => {
      working = undefined;
      if (queue.length > 0) wake();
    });
  }

  async function work(): Promise<void> {
    while (queue.length > 0 || foldDue()) {
      if (queue.length > 0) await commit(queue.take());
      if (foldDue()) await fold();
    }
  }

  async function commit(batch: readonly Waiting[]): Promise<void> {
    const wishes = batch.map(({ wish }) => wish);
    const { changes, outcomes } = decide(contents, wishes, now(), limits.maxBytes);
    try {
      const probing = wishes.some((wish) => 'probe' in wish);
      if (probing) await ledger.probe();
      if (changes.length > 0) await ledger.append(changes);
      if (probing || changes.length > 0) condition = { state: 'ok', reason: '' };
    } catch (error) {
      const problem = problemOf(error);
      condition = { state: problem.kind === 'refused' ? 'refused' : 'failing', reason: problem.message };
      for (const { fail } of batch) fail(problem);
      return;
    }
    for (const change of changes) contents.apply(change);
    for (const [index, { settle }] of batch.entries()) settle(outcomes[index] ?? { kind: 'missing' });
    for (const listener of listeners) for (const change of changes) listener(change);
  }

  function foldDue(): boolean {
    if (folding !== undefined || closing || !ledger.behind || condition.state !== 'ok') return false;
    if (now().getTime() - foldAskedAt >= limits.foldAfterMs) return true;
    // A disk without room for it will not have it with the next write either.
    return !foldFailed && ledger.journalBytes > Math.max(limits.foldAfterBytes, contents.bytes / 2);
  }

  async function fold(): Promise<void> {
    foldAskedAt = now().getTime();
    try {
      const write = await ledger.fold(contents);
      folding = write()
        .then(() => {
          foldFailed = false;
        }, postponed)
        .finally(() => {
          folding = undefined;
        });
    } catch (error) {
      postponed(error);
    }
  }

  function postponed(error: unknown): void {
    foldFailed = true;
    warn(`memory.json is behind its journal: ${reasonOf(error)}`);
  }

  async function close(): Promise<void> {
    closing = true;
    clearInterval(timer);
    while (working !== undefined) await working;
    await folding;
    if (condition.state === 'refused') return;
    await ledger.close(contents).catch(postponed);
  }

  return {
    get condition() {
      return condition;
    },
    get count() {
      return contents.count;
    },
    get bytes() {
      return contents.bytes;
    },
    get latest() {
      return contents.nextSeq - 1;
    },
    get: contents.get,
    page: contents.page,
    search: contents.search,
    put: (draft) => ask({ put: draft }),
    remove: (id) => ask({ delete: id }),
    watch: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    probe: async () => {
      await ask({ probe: true });
    },
    close,
  };
}
