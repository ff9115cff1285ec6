import { rm } from 'node:fs/promises';
import type { Contents } from './contents.ts';
import { syncDirectory, tryToWrite } from './disk.ts';
import type { Change } from './entry.ts';
import type { Files } from './files.ts';
import { journalsIn } from './files.ts';
import type { Journal } from './journal.ts';
import { createJournal } from './journal.ts';
import type { Loaded } from './load.ts';
import { writeMemoryFile } from './memory-file.ts';
import type { Owner } from './owner.ts';
import { problemOf } from './problem.ts';
import { createRetention } from './retention.ts';

/**
 * The durable side of the memory: changes go to the newest journal, and from time to time everything is folded into
 * memory.json. One call at a time, but `fold`'s second half, which may run beside appends.
 */
export interface Ledger {
  /** Resolves when the changes are on disk and still ours. A failed append leaves nothing that counts. */
  append(changes: readonly Change[]): Promise<void>;
  /** Resolves when the disk takes the largest write that a client may send. */
  probe(): Promise<void>;
  /** Starts a new journal; the returned function writes what there was before it into memory.json. */
  fold(contents: Contents): Promise<() => Promise<void>>;
  /** Folds everything and leaves memory.json alone. */
  close(contents: Contents): Promise<void>;
  /** Whether memory.json lacks anything. */
  readonly behind: boolean;
  /** Bytes of the journals that come on top of memory.json. */
  readonly journalBytes: number;
}

/** As large as a request's body may be. */
const PROBE_BYTES = 1024 * 1024;

export function openLedger(files: Files, owner: Owner, loaded: Loaded, nowMs: () => number): Ledger {
  const retention = createRetention(loaded.folded, nowMs);
  let journal: Journal | undefined;
  let next = { generation: loaded.generation, framesBefore: loaded.framesBefore };
  let behind = loaded.unfolded > 0;
  let earlierBytes = 0;

  async function writable(): Promise<Journal> {
    if (journal !== undefined) return journal;
    await owner.check();
    const { store } = loaded;
    journal = await createJournal(files.journal(next.generation), { store, owner: owner.token, ...next });
    return journal;
  }

  /** The next append starts a new journal, which says how much of this one counts. */
  function leave(left: Journal): void {
    journal = undefined;
    next = { generation: left.generation + 1, framesBefore: left.frames };
    earlierBytes += left.bytes;
  }

  async function append(changes: readonly Change[]): Promise<void> {
    const current = await writable();
    try {
      await current.append(changes);
      await owner.check();
      behind = true;
    } catch (error) {
      await drop(current);
      if (problemOf(error).kind === 'full') await makeRoom();
      throw error;
    }
  }

  /** After a failed append. Without anything in it a journal goes: a disk that stays full must not fill with them. */
  async function drop(failed: Journal): Promise<void> {
    await failed.abandon();
    const removed =
      failed.frames === 0 &&
      (await rm(files.journal(failed.generation)).then(
        () => true,
        () => false,
      ));
    if (removed) journal = undefined;
    else leave(failed);
  }

  async function makeRoom(): Promise<void> {
    retention.forget();
    await removeJournals(retention.needed()).catch(() => {});
  }

  async function fold(contents: Contents): Promise<() => Promise<void>> {
    if (journal !== undefined) {
      await journal.close();
      leave(journal);
    }
    const { generation } = await writable();
    const [entries, nextSeq, bytes] = [contents.snapshot(), contents.nextSeq, earlierBytes];
    behind = false;
    return async () => {
      await write(generation, nextSeq, entries).catch((error: unknown) => {
        behind = true;
        throw error;
      });
      earlierBytes -= bytes;
      retention.replaced(generation);
      await removeJournals(retention.needed());
    };
  }

  async function write(generation: number, nextSeq: number, entries: ReturnType<Contents['snapshot']>): Promise<void> {
    await owner.check();
    const { store } = loaded;
    await writeMemoryFile(files.memory, { store, generation, nextSeq }, entries, owner.check);
  }

  async function removeJournals(before: number): Promise<void> {
    // From the newest: what is left after a crash still follows one another.
    for (const generation of (await journalsIn(files)).reverse()) {
      if (generation < before) await rm(files.journal(generation), { force: true });
    }
  }

  return {
    append,
    probe: async () => {
      await tryToWrite(files.memory, PROBE_BYTES);
      await append([]);
    },
    fold,
    close: async (contents) => {
      await journal?.close();
      const generation = (journal?.generation ?? next.generation) + 1;
      if (behind) await write(generation, contents.nextSeq, contents.snapshot());
      await owner.check();
      await removeJournals(generation);
      await owner.release();
      await syncDirectory(files.directory);
    },
    get behind() {
      return behind;
    },
    get journalBytes() {
      return earlierBytes + (journal?.bytes ?? 0);
    },
  };
}
