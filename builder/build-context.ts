import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, normalize, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import dockerignore from '@balena/dockerignore';
import { pack } from 'tar-stream';
import { keyAndOrigin, type Settings } from '../config/settings.ts';
import { AnnyError } from '../operation/errors.ts';
import { projectFile } from './project-files.ts';

/** A file of the app's build context, as Docker would be given it. */
export interface ContextFile {
  /** Relative to the context, with "/". */
  readonly path: string;
  /** Of a link, where it leads to. */
  readonly content: Buffer;
  readonly kind: 'plain' | 'executable' | 'link';
}

/** Everything that Docker would see of config.app.context, .dockerignore heeded, sorted by path. */
export async function readBuildContext(settings: Settings): Promise<readonly ContextFile[]> {
  const { config, directory } = settings;
  const { context } = config.app;
  const dockerfile = normalize(config.app.dockerfile);
  const root = projectFile(directory, context);
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new AnnyError('CONFIG_INVALID', {
      doing: `reading ${keyAndOrigin(settings, 'app.context')}`,
      found: `there is no directory ${context}`,
      next: 'correct app.context in config.yaml: the directory with the Dockerfile of your app',
      cause,
    });
  });
  const rules = dockerignore
    .default({ ignorecase: false })
    .add(await readFile(join(root, '.dockerignore'), 'utf8').catch(() => ''));
  const paths = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => path === dockerfile || !rules.ignores(path))
    .sort();
  if (!paths.includes(dockerfile)) {
    throw new AnnyError('CONFIG_INVALID', {
      doing: `reading ${keyAndOrigin(settings, 'app.dockerfile')}`,
      found: `there is no ${dockerfile} in ${context}`,
      next: 'write one, or name another in config.yaml',
    });
  }
  return Promise.all(paths.map((path) => readContextFile(root, path)));
}

async function readContextFile(root: string, path: string): Promise<ContextFile> {
  const found = await lstat(join(root, path));
  if (found.isSymbolicLink()) return { path, content: Buffer.from(await readlink(join(root, path))), kind: 'link' };
  const kind = (found.mode & 0o100) === 0 ? 'plain' : 'executable';
  return { path, content: await readFile(join(root, path)), kind };
}

export function contextArchive(files: readonly ContextFile[]): Readable {
  const archive = pack();
  for (const { path, content, kind } of files) {
    // One time for all, so that the same content gives the same layers.
    const header = { name: path, mode: kind === 'executable' ? 0o755 : 0o644, mtime: new Date(0) };
    if (kind === 'link') archive.entry({ ...header, type: 'symlink', linkname: content.toString() });
    else archive.entry(header, content);
  }
  archive.finalize();
  return Readable.from(archive);
}
