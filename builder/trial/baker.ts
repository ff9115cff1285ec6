import { loadSettings } from '../../config/load.ts';
import type { Journal, JournalEntry } from '../../operation/journal.ts';
import { silentReport } from '../../operation/silent-report.ts';
import type { BakeContext } from '../bake-context.ts';
import { type BuildWish, type Built, build } from '../build.ts';
import type { Account } from './account.ts';
import { trialSignatures } from './signatures.ts';

export interface Baker {
  readonly context: BakeContext;
  readonly entries: JournalEntry[];
  readonly notes: string[];
  /** Once it has said that it waits for another bake. */
  readonly waits: Promise<void>;
  build(wish?: Partial<BuildWish>, keep?: () => Promise<boolean>): Promise<readonly Built[]>;
}

/** One person's `anny-image build` in the simulated account. */
export async function baker(account: Account, directory: string, id = 'op1', killed: string[] = []): Promise<Baker> {
  const entries: JournalEntry[] = [];
  const dead = new Set(killed);
  const notes: string[] = [];
  const journal: Journal = { append: async (entry) => void entries.push(entry), entries: async () => entries };
  const waits = Promise.withResolvers<void>();
  const note = (text: string): void => {
    notes.push(text);
    if (text.startsWith('waiting for')) waits.resolve();
  };
  const context: BakeContext = {
    settings: await loadSettings({ directory, env: { ANNY_API_KEY: 'a-secret-of-the-app' } }),
    cloud: account.cloud,
    shells: account.shells,
    beginApp: () => (shell) => shell.run('docker load'),
    beginBase: () => async () => '',
    signatures: trialSignatures(id),
    running: {
      begin: async () => undefined,
      end: async (ended) => void killed.splice(killed.indexOf(ended), 1),
      killed: async () => [...killed],
    },
    here: {
      ...{ user: 'ops', host: 'here', process: { pid: 1, startedAt: id, home: 'here' } },
      isGone: async ({ startedAt }) => dead.has(startedAt),
    },
    operation: {
      ...{ id, command: 'build', clock: account.clock, journal, undos: [], warnings: [], forward: false },
      held: { lease: undefined },
      report: { ...silentReport, note, warn: note },
      interrupt: account.interrupt.signal,
    },
  };
  const wish = (more: Partial<BuildWish>): BuildWish => ({ name: 'shop', force: false, onError: 'destroy', ...more });
  return {
    ...{ context, entries, notes, waits: waits.promise },
    build: (more = {}, keep = async () => false) => build(context, wish(more), keep),
  };
}
