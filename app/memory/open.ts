import { mkdir } from 'node:fs/promises';
import { filesIn, tidy } from './files.ts';
import { openLedger } from './ledger.ts';
import { load } from './load.ts';
import type { Limits, Memory } from './memory.ts';
import { createMemory } from './memory.ts';
import { claim } from './owner.ts';
import { MemoryProblem, problemOf } from './problem.ts';

export interface MemoryOptions {
  readonly directory: string;
  readonly now: () => Date;
  readonly warn: (message: string) => void;
  readonly limits?: Partial<Limits>;
}

const MiB = 1024 * 1024;
/** 128 MiB of text take up to 0.5 GB while they are loaded: a machine with 1 GB must be able to start again. */
const LIMITS: Limits = { foldAfterMs: 60_000, foldAfterBytes: 4 * MiB, maxBytes: 128 * MiB };

/**
 * Never rejects. A memory whose files are refused says why and leaves them alone; one that the disk does not let us open
 * is opened by a later write or probe.
 */
export async function openMemory(options: MemoryOptions): Promise<Memory> {
  let opened = await attempt(options);
  let again: Promise<void> | undefined;

  async function ready(): Promise<Memory> {
    if (!isClosed(opened)) return opened;
    if (opened.problem.kind === 'refused') throw opened.problem;
    again ??= attempt(options).then((result) => {
      opened = result;
      again = undefined;
    });
    await again;
    if (isClosed(opened)) throw opened.problem;
    return opened;
  }

  /** For reading: a full disk is our trouble then, not the reader's. */
  function usable(): Memory {
    if (!isClosed(opened)) return opened;
    const { state, reason } = conditionOf(opened.problem);
    throw new MemoryProblem(state, reason, { cause: opened.problem });
  }

  return {
    get condition() {
      return isClosed(opened) ? conditionOf(opened.problem) : opened.condition;
    },
    get count() {
      return isClosed(opened) ? 0 : opened.count;
    },
    get bytes() {
      return isClosed(opened) ? 0 : opened.bytes;
    },
    get latest() {
      return usable().latest;
    },
    get: (id) => usable().get(id),
    page: (after, limit) => usable().page(after, limit),
    search: async (words, after, limit) => usable().search(words, after, limit),
    put: async (draft) => (await ready()).put(draft),
    remove: async (id) => (await ready()).remove(id),
    watch: (listener) => usable().watch(listener),
    probe: async () => (await ready()).probe(),
    close: async () => {
      await again;
      if (!isClosed(opened)) await opened.close();
    },
  };
}

interface Closed {
  readonly problem: MemoryProblem;
}

function isClosed(opened: Memory | Closed): opened is Closed {
  return 'problem' in opened;
}

function conditionOf(problem: MemoryProblem): { state: 'refused' | 'failing'; reason: string } {
  return { state: problem.kind === 'refused' ? 'refused' : 'failing', reason: problem.message };
}

async function attempt(options: MemoryOptions): Promise<Memory | Closed> {
  try {
    const files = filesIn(options.directory);
    await mkdir(files.directory, { recursive: true });
    // Claimed before anything is read: owner.ts says why.
    const owner = await claim(files.owner);
    const loaded = await load(files).catch(async (error: unknown) => {
      await owner.release().catch(() => {});
      throw error;
    });
    await tidy(files);
    if (loaded.tailBytes > 0) options.warn(`put aside ${loaded.tailBytes} bytes of a write that was cut short`);
    const limits = { ...LIMITS, ...options.limits };
    const ledger = openLedger(files, owner, loaded, () => options.now().getTime());
    return createMemory(loaded.contents, ledger, limits, options.now, options.warn);
  } catch (error) {
    return { problem: problemOf(error) };
  }
}
