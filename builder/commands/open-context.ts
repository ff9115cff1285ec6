import { join } from 'node:path';
import type { Command } from 'commander';
import { openAccountOf } from '../../cloud/account/open.ts';
import { opened } from '../../machine/opened.ts';
import type { ShellAddress } from '../../machine/shell.ts';
import { openShell } from '../../machine/ssh-shell.ts';
import { beginOperation } from '../../operation/begin.ts';
import { reportOf, settingsOf } from '../../operation/command-line.ts';
import { runningIn } from '../../operation/running.ts';
import { thisProcess } from '../../operation/this-process.ts';
import { beginApp } from '../app-image.ts';
import type { BakeContext } from '../bake-context.ts';
import { beginBase } from '../bring-base.ts';
import { signaturesOf } from '../papers/ssh-signatures.ts';

/** Runs a command against the real world, as its settings describe it. */
export async function withContext(command: Command, run: (context: BakeContext) => Promise<void>): Promise<void> {
  const settings = await settingsOf(command);
  const report = reportOf(command);
  for (const warning of settings.warnings) report.warn(warning);
  const connections = opened();
  const running = runningIn(join(settings.directory, '.anny', 'running'));
  const operation = beginOperation(settings, command.name(), report);
  const cloud = openAccountOf(settings, process.env);
  const signatures = signaturesOf(settings);
  try {
    const shells = { open: async (target: ShellAddress) => connections.add(await openShell(target)) };
    const here = await thisProcess();
    await run({ settings, cloud, shells, beginApp, beginBase, signatures, operation, running, here });
  } finally {
    await connections.close();
  }
}

/** Written down while it may have machines, so that one that is killed can be swept up after. */
export async function writtenDown<T>({ running, operation }: BakeContext, run: () => Promise<T>): Promise<T> {
  await running.begin(operation.id);
  try {
    return await run();
  } finally {
    await running.end(operation.id);
  }
}
