import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'vitest';
import { readChain } from '../definition.ts';
import { type MachineFile, renderTree } from '../render.ts';
import { ownSettings } from './project.ts';

const SBIN = { ...process.env, PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin` };

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function runProgram(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(name, args, { env: { ...SBIN, ...env } }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}

/** A plugin ("docker compose") is there when it tells its version. */
function isInstalled(program: string): boolean {
  const question = program.includes(' ') ? `${program} version` : `command -v ${program}`;
  return spawnSync('sh', ['-c', question], { env: SBIN }).status === 0;
}

/** A test by the real program; where that is not installed, the test's name says so and it is skipped. */
export function testBy(program: string, name: string, body: () => Promise<void>): void {
  const here = isInstalled(program);
  test.skipIf(!here)(here ? name : `${name} (skipped: ${program} is not installed here)`, body, 60_000);
}

/** All files of this project's image, as they are to lie on a machine. */
export async function ownFiles(environment = 'production'): Promise<readonly MachineFile[]> {
  const settings = await ownSettings(environment);
  const chain = await readChain(settings.directory, settings.config.image.name);
  return (await Promise.all(chain.map((definition) => renderTree(settings, definition)))).flat();
}

export function textOf(files: readonly MachineFile[], path: string): string {
  const file = files.find((one) => one.path === path);
  if (file === undefined) throw new Error(`the image has no ${path}`);
  return file.content.toString();
}

/** Runs `body` with a directory that is gone afterwards. */
export async function withDirectory<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-machine-'));
  try {
    return await body(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Lays files out under `root` as on a machine; `change` may turn what only a machine has into what is here. */
export async function layOut(
  root: string,
  files: readonly MachineFile[],
  change: (text: string) => string = (text) => text,
): Promise<void> {
  for (const { path, content, mode } of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), change(content.toString()), { mode: Number.parseInt(mode, 8) });
  }
}
