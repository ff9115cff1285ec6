import { access, constants, stat } from 'node:fs/promises';
import { localPath } from '../config/local-path.ts';
import { HOOK_EVENTS, type HookEvent } from '../config/schema.ts';
import type { Settings } from '../config/settings.ts';
import { AnnyError } from '../operation/errors.ts';

export interface OwnProgram {
  readonly path: string;
  readonly named: string;
}

/** The hooks that the configuration names. */
export function hookPrograms({ config, directory }: Settings): ReadonlyMap<HookEvent, OwnProgram> {
  return new Map(
    HOOK_EVENTS.flatMap((event): [HookEvent, OwnProgram][] => {
      const named = config.deploy.hooks[event];
      return named === undefined ? [] : [[event, { path: localPath(directory, named), named }]];
    }),
  );
}

/** Before anything is touched: a promote would find out minutes later. */
export async function refuseMissingPrograms(settings: Settings): Promise<void> {
  const { smoke } = settings.config.deploy;
  if (smoke !== '') await refuseMissing('deploy.smoke', { path: localPath(settings.directory, smoke), named: smoke });
  for (const [event, program] of hookPrograms(settings)) await refuseMissing(`deploy.hooks.${event}`, program);
}

async function refuseMissing(key: string, { path, named }: OwnProgram): Promise<void> {
  const refuse = (found: string, cause?: unknown): AnnyError =>
    new AnnyError('CONFIG_INVALID', {
      doing: `reading ${key}`,
      found,
      next: 'name a program of your own, relative to config.yaml, or leave the key out',
      cause,
    });
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw refuse(cause.code === 'ENOENT' ? `there is no file ${named}` : `${named}: ${cause.message}`, cause);
  });
  if (!found.isFile()) throw refuse(`${named} is no file`);
  await access(path, constants.X_OK).catch((cause: unknown) => {
    throw refuse(`${named} may not be executed (chmod +x)`, cause);
  });
}
