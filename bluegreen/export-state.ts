import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, link, mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { localPath } from '../config/local-path.ts';
import type { Settings } from '../config/settings.ts';
import { AnnyError } from '../operation/errors.ts';
import type { Backup, Backups } from './backups.ts';
import { runExportProgram } from './export-program.ts';
import { filesOf, unpack } from './unpack.ts';
import { writeProblem } from './write-problem.ts';

export interface ExportWish {
  readonly backup: Backup;
  /** Where the file goes to. */
  readonly directory: string;
  /** All of the state as it lies there, whatever it is. */
  readonly tar: boolean;
}

/**
 * The state of a backup as one file, named with the backup's date and time: the state's own file where it is one, or where
 * `app.export` makes one of it, and else a tar. It appears whole or not at all, and replaces nothing.
 */
export async function exportState(backups: Backups, settings: Settings, wish: ExportWish): Promise<string> {
  const { backup, directory } = wish;
  await mkdir(directory, { recursive: true });
  // Beside where it goes to: what is moved into place must be on the same disk.
  const work = await mkdtemp(join(directory, '.anny-export-'));
  try {
    const tar = join(work, 'state.tar');
    await backups.write(backup, createWriteStream(tar, { mode: 0o600, flush: true }));
    const made = wish.tar ? tar : ((await singleFile(tar, join(work, 'state'), settings)) ?? tar);
    const { name, ext } = parse(made);
    const path = join(directory, `${name}-${backup.name.slice(0, 15)}${ext}`);
    await appear(made, path);
    return path;
  } catch (error) {
    throw writeProblem(error, `exporting backup ${backup.name} to ${directory}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** undefined where the state is not one file, and no program makes one of it. */
async function singleFile(tar: string, directory: string, settings: Settings): Promise<string | undefined> {
  const { export: named } = settings.config.app;
  const open = () => createReadStream(tar);
  if (named === '' && (await filesOf(open())).length !== 1) return undefined;
  await unpack(open(), directory);
  const state = join(directory, 'state');
  if (named !== '') await runExportProgram({ path: localPath(settings.directory, named), named, state });
  const [file, ...more] = await filesIn(state);
  if (file !== undefined && more.length === 0) return join(state, file);
  throw new AnnyError('COMMAND_FAILED', {
    doing: `exporting with ${named} (app.export)`,
    found:
      file === undefined
        ? 'it left no file'
        : `it left ${more.length + 1} files: ${[file, ...more].slice(0, 5).join(', ')}`,
    next: 'it must leave one; for all of the state as it is: anny-bluegreen backup export --tar',
  });
}

async function filesIn(directory: string): Promise<readonly string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found
    .filter((one) => !one.isDirectory())
    .map((one) => join(one.parentPath, one.name).slice(directory.length + 1))
    .sort();
}

/** A link fails where there is something already. */
async function appear(made: string, path: string): Promise<void> {
  await chmod(made, 0o600);
  await sync(made);
  await link(made, path).catch((cause: NodeJS.ErrnoException) => {
    throw new AnnyError('REFUSED', {
      doing: `writing ${path}`,
      found: cause.code === 'EEXIST' ? 'it is there already, and is not overwritten' : cause.message,
      next: 'choose another directory: --to DIRECTORY',
      cause,
    });
  });
  await sync(parse(path).dir);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}
