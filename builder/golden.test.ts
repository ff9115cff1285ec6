import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readChain } from './definition.ts';
import { type MachineFile, renderTree } from './render.ts';
import { ownSettings } from './trial/project.ts';

/** What this project's config.yaml makes of the templates, kept so that a change shows in review. */
const GOLDEN = join(import.meta.dirname, 'golden');
const MEANT = 'if that is meant: UPDATE_GOLDEN=1 npx vitest run builder/golden.test.ts';

/** Rendered files whole, and one list of all files with owner and mode: those that are no templates are reviewed as they are. */
async function renderedTree(environment: string): Promise<ReadonlyMap<string, string>> {
  const settings = await ownSettings(environment);
  const golden = new Map<string, string>();
  for (const definition of await readChain(settings.directory, settings.config.image.name)) {
    const files = await renderTree(settings, definition);
    const templates = join(settings.directory, definition.templates ?? '');
    const rendered = new Set(
      (await readdir(templates, { recursive: true })).flatMap((name) => /^(.*)\.hbs$/.exec(`/${name}`)?.[1] ?? []),
    );
    golden.set(`${definition.name}.files`, files.map(listed).join(''));
    for (const file of files.filter(({ path }) => rendered.has(path))) {
      golden.set(`${definition.name}${file.path}`, file.content.toString());
    }
  }
  return golden;
}

function listed({ owner, mode, path }: MachineFile): string {
  return `${owner} ${mode} ${path}\n`;
}

async function goldenFiles(directory: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    paths.map(async (path) => [relative(directory, path), await readFile(path, 'utf8')] as const),
  );
  return new Map(texts);
}

async function update(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  for (const [name, text] of files) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
}

describe.each(['production', 'local'])('rendered for %s', (environment) => {
  test('every file is as it was reviewed', async () => {
    const directory = join(GOLDEN, environment);
    const rendered = await renderedTree(environment);
    if (process.env.UPDATE_GOLDEN === '1') await update(directory, rendered);
    const golden = await goldenFiles(directory);
    expect([...rendered.keys()].sort(), MEANT).toEqual([...golden.keys()].sort());
    for (const [name, text] of rendered) expect(text, `${environment}/${name}; ${MEANT}`).toBe(golden.get(name));
  });
});
