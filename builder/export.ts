import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { AnnyError } from '../operation/errors.ts';
import { checksScript } from './checks.ts';
import { cleanScript } from './clean.ts';
import { type Definition, readChain } from './definition.ts';
import { type Identity, identify } from './digest.ts';
import { renderTree } from './render.ts';
import { directoriesScript, packagesScript, runScript, servicesScript, usersScript } from './scripts.ts';

/**
 * Writes what a bake would bring to a machine, for review: of each image of the chain its files as they would lie there, a list of
 * them with owner and mode, the scripts in their order, and the inputs of its digest. Returns how many files that are.
 */
export async function exportDefinition(settings: Settings, name: string, directory: string): Promise<number> {
  const chain = await readChain(settings.directory, name);
  const identities = await identify(settings, chain);
  await refuseFull(directory);
  let count = 0;
  for (const [index, identity] of identities.entries()) {
    const texts = await textsOf(settings, chain.slice(0, index + 1), identity);
    for (const [path, content] of texts) await write(join(directory, identity.name, path), content);
    count += texts.size;
  }
  return count;
}

async function textsOf(
  settings: Settings,
  chain: readonly Definition[],
  { inputs }: Identity,
): Promise<ReadonlyMap<string, string | Buffer>> {
  const definition = chain.at(-1);
  if (definition === undefined) return new Map();
  const files = await renderTree(settings, definition);
  const scripts: Readonly<Record<string, string>> = {
    '1-packages.sh': packagesScript(definition, settings.config.image),
    '2-users-and-directories.sh': [usersScript(definition), directoriesScript(definition)].join('\n'),
    '4-services.sh': [servicesScript(definition), runScript(definition.run)].join('\n'),
    '5-app-run.sh': runScript(definition.app_run),
    '6-tests.sh': checksScript(chain),
    '7-clean.sh': cleanScript(chain),
  };
  return new Map<string, string | Buffer>([
    ...files.map(({ path, content }) => [join('files', path), content] as const),
    ['3-files.txt', files.map(({ owner, mode, path }) => `${owner} ${mode} ${path}\n`).join('')] as const,
    ...Object.entries(scripts).flatMap(([path, text]) => (text.trim() === '' ? [] : [[path, `${text}\n`] as const])),
    ['inputs.txt', inputs.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('')] as const,
  ]);
}

async function write(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** What lies there from before would be taken for what a bake brings. */
async function refuseFull(directory: string): Promise<void> {
  const found = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (found.length === 0) return;
  throw new AnnyError('USAGE', {
    doing: `exporting to ${directory}`,
    found: `there is ${found.slice(0, 3).join(', ')}${found.length > 3 ? ' and more' : ''} already`,
    next: 'name an empty directory, or one that is not there yet',
  });
}
