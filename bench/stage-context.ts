import { join } from 'node:path';
import { beginApp } from '../builder/app-image.ts';
import type { BakeContext } from '../builder/bake-context.ts';
import { beginBase } from '../builder/bring-base.ts';
import { signaturesOf } from '../builder/papers/ssh-signatures.ts';
import { loadSettings } from '../config/load.ts';
import type { Stage } from '../demo/stage.ts';
import { openShell } from '../machine/ssh-shell.ts';
import { beginOperation } from '../operation/begin.ts';
import { runningIn } from '../operation/running.ts';
import { silentReport } from '../operation/silent-report.ts';
import { thisProcess } from '../operation/this-process.ts';

/** What a bake in the project of a stage works with, for what no command of the product does. */
export async function bakeContextOf({ project, account }: Stage): Promise<BakeContext> {
  const { directory } = project;
  const settings = await loadSettings({ directory, environment: 'demo', env: {} });
  return {
    settings,
    cloud: account,
    shells: { open: openShell },
    beginApp,
    beginBase,
    signatures: signaturesOf(settings),
    operation: beginOperation(settings, 'bench', silentReport),
    running: runningIn(join(directory, '.anny', 'running')),
    here: await thisProcess(),
  };
}
