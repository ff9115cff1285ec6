import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { packagedFile } from '../../builder/project-files.ts';
import { AnnyError } from '../../operation/errors.ts';
import type { App } from './config-text.ts';

/** The directory that init works in, and what lies there already. */
export interface Place {
  readonly directory: string;
  readonly config: { readonly path: string; readonly isThere: boolean };
  readonly env: { readonly path: string; readonly isThere: boolean };
  readonly app: App;
}

/** @throws {AnnyError} USAGE when there is nothing left to write. */
export async function lookAround(file: string | undefined): Promise<Place> {
  const config = resolve(file ?? 'config.yaml');
  const directory = dirname(config);
  const env = join(directory, '.env');
  const [hasConfig, hasEnv] = [await isThere(config), await isThere(env)];
  if (hasConfig && hasEnv) {
    throw new AnnyError('USAGE', {
      doing: 'init',
      found: `${config} and ${env} are there already, and are not overwritten`,
      next: 'anny-bluegreen config show says what holds; to begin anew, run this in an empty directory, or move both away',
    });
  }
  return {
    directory,
    config: { path: config, isThere: hasConfig },
    env: { path: env, isThere: hasEnv },
    app: await appIn(directory),
  };
}

const DEFAULT_PORT = 8000;

async function appIn(directory: string): Promise<App> {
  for (const context of ['app', '.']) {
    const text = await readFile(join(directory, context, 'Dockerfile'), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    // Of an earlier run that did not come to its end.
    if (context === 'app' && text === (await exampleDockerfile())) return { kind: 'example', isThere: true };
    return { kind: 'own', context, port: Number(/^EXPOSE\s+(\d+)/m.exec(text)?.[1] ?? DEFAULT_PORT) };
  }
  if (!(await isThere(join(directory, 'app')))) return { kind: 'example', isThere: false };
  throw new AnnyError('USAGE', {
    doing: 'init',
    found: 'app/ is there, without a Dockerfile',
    next: 'write one (docs: "Your own app" in the README), or move app/ away to begin with Anny\'s own app',
  });
}

function exampleDockerfile(): Promise<string> {
  return readFile(packagedFile('app/Dockerfile'), 'utf8');
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
