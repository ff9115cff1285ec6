import { readFile } from 'node:fs/promises';
import { nearest } from '../config/nearest.ts';
import { parseYaml } from '../config/yaml-file.ts';
import { AnnyError } from '../operation/errors.ts';
import { issueProblems, placeIn, refuseDefinition } from './definition-problems.ts';
import { type DefinitionKeys, definitionSchema } from './definition-schema.ts';
import { projectFile, projectNames } from './project-files.ts';

export type Definition = DefinitionKeys & {
  /** The file as it is: part of the digest. */
  readonly text: string;
  /** "images/anny.yaml" */
  readonly file: string;
};

/** The definition of a chain that is baked; the others are what it stands on. */
export function own(chain: readonly Definition[]): Definition {
  const definition = chain.at(-1);
  if (definition === undefined) throw new Error('a chain has at least one definition');
  return definition;
}

const PARENTS_LIMIT = 5;

/** An image's definition with its parents, the one on the stock system first. */
export async function readChain(directory: string, name: string): Promise<readonly Definition[]> {
  const chain: Definition[] = [await readDefinition(directory, name)];
  for (let child = chain[0]; child?.parent !== undefined; child = chain[0]) {
    refuseEndless(child, chain);
    chain.unshift(await readParent(directory, child, child.parent));
  }
  return chain;
}

function refuseEndless(child: Definition, chain: readonly Definition[]): void {
  const line = [...chain.map((one) => one.name).reverse(), child.parent].join(' from ');
  const where = placeIn(parseYaml(child.text, child.file), ['parent']);
  if (chain.some((one) => one.name === child.parent)) {
    refuseDefinition(child.file, [`${where}: ${line} goes round in a circle; one of them needs "os: true"`]);
  }
  if (chain.length >= PARENTS_LIMIT) {
    refuseDefinition(child.file, [`${where}: ${line} is too long, allowed: ${PARENTS_LIMIT} images on each other`]);
  }
}

async function readParent(directory: string, child: Definition, name: string): Promise<Definition> {
  const text = await textOf(directory, name);
  if (text === undefined) {
    const known = (await definitionNames(directory)).filter((one) => one !== child.name);
    const where = placeIn(parseYaml(child.text, child.file), ['parent'], 'value');
    refuseDefinition(child.file, [`${where}: found "${name}", allowed: ${known.join(', ')}${meant(name, known)}`]);
  }
  return parseDefinition(text, name);
}

async function readDefinition(directory: string, name: string): Promise<Definition> {
  const text = await textOf(directory, name);
  if (text !== undefined) return parseDefinition(text, name);
  const known = await definitionNames(directory);
  throw new AnnyError('USAGE', {
    doing: `reading images/${name}.yaml`,
    found: 'there is no such image definition',
    next:
      nearest(name, known) === undefined ? `there are ${known.join(', ')}` : `did you mean ${nearest(name, known)}?`,
  });
}

function textOf(directory: string, name: string): Promise<string | undefined> {
  return readFile(projectFile(directory, `images/${name}.yaml`), 'utf8').catch(() => undefined);
}

async function definitionNames(directory: string): Promise<readonly string[]> {
  const files = await projectNames(directory, 'images');
  return files.flatMap((file) => /^(.*)\.yaml$/.exec(file)?.[1] ?? []);
}

function parseDefinition(text: string, name: string): Definition {
  const file = `images/${name}.yaml`;
  const yaml = parseYaml(text, file);
  refuseDefinition(
    file,
    yaml.problems.map(({ where, what }) => `${where}: ${what}`),
  );
  const parsed = definitionSchema.safeParse(yaml.values);
  if (!parsed.success) return refuseDefinition(file, issueProblems(yaml, parsed.error.issues));
  const definition = parsed.data;
  if (definition.name !== name) {
    const where = placeIn(yaml, ['name'], 'value');
    refuseDefinition(file, [`${where}: found "${definition.name}", allowed: "${name}", as the file is called`]);
  }
  if ((definition.parent === undefined) === (definition.os === undefined)) {
    const found = definition.os === undefined ? 'neither' : 'both';
    refuseDefinition(file, [`${placeIn(yaml, ['os'])}: found ${found}, allowed: one of "parent: NAME" and "os: true"`]);
  }
  if (definition.app_run.length > 0 && !definition.app) {
    refuseDefinition(file, [`${placeIn(yaml, ['app_run'])}: it needs "app: true"; without an app it is "run"`]);
  }
  return { ...definition, text, file };
}

function meant(word: string, among: readonly string[]): string {
  const best = nearest(word, among);
  return best === undefined ? '' : `; did you mean ${best}?`;
}
