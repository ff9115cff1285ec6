import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadSettings } from '../../config/load.ts';
import type { LoadedSettings } from '../../config/settings.ts';

/** Files of a project by their path; a content with a mode where it matters. */
export type Files = Readonly<Record<string, string | Buffer | { readonly text: string; readonly mode: number }>>;

/** A project in a directory of its own, gone after the test. */
export async function projectWith(files: Files): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-project-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await addFiles(directory, files);
  return directory;
}

export async function addFiles(directory: string, files: Files): Promise<void> {
  for (const [name, file] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    const isPlain = typeof file === 'string' || Buffer.isBuffer(file);
    await writeFile(path, isPlain ? file : file.text);
    await chmod(path, isPlain ? 0o644 : file.mode);
  }
}

export function settingsIn(
  directory: string,
  environment?: string,
  env: Readonly<Record<string, string>> = {},
): Promise<LoadedSettings> {
  return loadSettings({ directory, env, ...(environment === undefined ? {} : { environment }) });
}

/** This repository's own configuration, images and templates. */
export function ownSettings(environment: string): Promise<LoadedSettings> {
  return settingsIn(join(import.meta.dirname, '..', '..'), environment);
}
