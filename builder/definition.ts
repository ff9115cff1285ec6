import { readdir, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { nearest } from '../config/nearest.ts';
import { NAME_PATTERN } from '../config/schema.ts';
import { type Entry, parseYaml, type YamlFile } from '../config/yaml-file.ts';
import { AnnyError } from '../operation/errors.ts';
import { projectFile } from './project-files.ts';

const path = z.string().regex(/^\/\S*$/, 'an absolute path');
const mode = z.string().regex(/^0?[0-7]{3,4}$/, 'a mode in octal and quotes: "0644"');
const owner = z.string().regex(/^[a-z0-9_-]+:[a-z0-9_-]+$/, 'user:group');
const port = z.string().regex(/^\d+\/(tcp|udp)$/, 'a port with its protocol: 443/tcp');

const testsSchema = z.strictObject({
  services: z
    .array(z.strictObject({ name: z.string(), state: z.enum(['running', 'enabled', 'disabled']) }))
    .default([]),
  ports: z
    .array(
      z.strictObject({ port: z.int(), protocol: z.enum(['tcp', 'udp']), from: z.enum(['any', 'localhost', 'closed']) }),
    )
    .default([]),
  users: z
    .array(
      z.strictObject({
        name: z.string(),
        uid: z.int().optional(),
        groups: z.array(z.string()).default([]),
        not_groups: z.array(z.string()).default([]),
      }),
    )
    .default([]),
  files: z
    .array(
      z.strictObject({
        path,
        owner: owner.optional(),
        mode: mode.optional(),
        contains: z.string().optional(),
        absent: z.boolean().default(false),
      }),
    )
    .default([]),
  firewall: z
    .array(
      z.union([
        z.strictObject({ allow: port }),
        z.strictObject({ limit: port }),
        z.strictObject({ default: z.enum(['deny', 'reject']) }),
      ]),
    )
    .default([]),
  jails: z
    .array(z.strictObject({ name: z.string(), maxretry: z.int(), bantime: z.int(), findtime: z.int() }))
    .default([]),
  commands: z
    .array(z.strictObject({ run: z.string(), succeeds: z.boolean().default(true), prints: z.string().optional() }))
    .default([]),
});

const definitionSchema = z.strictObject({
  name: z.string().regex(NAME_PATTERN, 'lower-case letters, digits and dashes'),
  parent: z.string().optional(),
  os: z.literal(true).optional(),
  docker: z.boolean().default(false),
  packages: z.array(z.string().regex(/^[a-z0-9][a-z0-9.+-]*$/, "a package's name")).default([]),
  templates: z.string().optional(),
  users: z
    .array(
      z.strictObject({
        name: z.string(),
        uid: z.int(),
        shell: z.string().default('/usr/sbin/nologin'),
        groups: z.array(z.string()).default([]),
      }),
    )
    .default([]),
  directories: z.array(z.strictObject({ path, owner: owner.default('root:root'), mode })).default([]),
  files: z.array(z.strictObject({ path, owner: owner.default('root:root'), mode: mode.default('0644') })).default([]),
  services: z
    .strictObject({ enable: z.array(z.string()).default([]), disable: z.array(z.string()).default([]) })
    .prefault({}),
  run: z.array(z.string()).default([]),
  app: z.boolean().default(false),
  clean: z.array(path).default([]),
  tests: testsSchema.prefault({}),
});

export type ImageTests = z.infer<typeof testsSchema>;
export type Definition = z.infer<typeof definitionSchema> & {
  /** The file as it is: part of the digest. */
  readonly text: string;
  /** "images/anny.yaml" */
  readonly file: string;
};

const PARENTS_LIMIT = 5;

/** An image's definition with its parents, the one on the stock system first. */
export async function readChain(directory: string, name: string): Promise<readonly Definition[]> {
  const chain: Definition[] = [];
  for (let next: string | undefined = name; next !== undefined; next = chain[0]?.parent) {
    if (chain.some((one) => one.name === next) || chain.length >= PARENTS_LIMIT) {
      throw invalid(
        `images/${next}.yaml`,
        `parent: ${[next, ...chain.map((one) => one.name)].join(' from ')} goes round in a circle`,
      );
    }
    chain.unshift(await readDefinition(directory, next));
  }
  return chain;
}

async function readDefinition(directory: string, name: string): Promise<Definition> {
  const file = `images/${name}.yaml`;
  const text = await readFile(projectFile(directory, file), 'utf8').catch(() => undefined);
  if (text === undefined) throw await unknownImage(directory, name);
  const yaml = parseYaml(text, file);
  const problem = yaml.problems[0];
  if (problem !== undefined) throw invalid(problem.where, problem.what);
  const parsed = definitionSchema.safeParse(yaml.values);
  if (!parsed.success) throw wrong(yaml, parsed.error.issues);
  const definition = parsed.data;
  if (definition.name !== name)
    throw invalid(`${file}  name`, `found "${definition.name}", allowed: "${name}", as the file is called`);
  if ((definition.parent === undefined) === (definition.os === undefined)) {
    throw invalid(file, 'it needs one of "parent: NAME" and "os: true"');
  }
  return { ...definition, text, file };
}

async function unknownImage(directory: string, name: string): Promise<AnnyError> {
  const names = (await readdir(projectFile(directory, 'images'))).flatMap((one) => /^(.*)\.yaml$/.exec(one)?.[1] ?? []);
  const close = nearest(name, names);
  return new AnnyError('USAGE', {
    doing: `reading images/${name}.yaml`,
    found: 'there is no such image definition',
    next: close === undefined ? `there are ${names.join(', ')}` : `did you mean ${close}?`,
  });
}

function wrong(yaml: YamlFile, issues: readonly z.core.$ZodIssue[]): AnnyError {
  const lines = issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => `  ${placeOf(yaml, [...path, key])}: no such key${close(path, key)}`);
    }
    return [`  ${placeOf(yaml, path)}: ${issue.message}`];
  });
  return invalid(yaml.name, `\n${lines.join('\n')}`);
}

function close(path: readonly string[], key: string): string {
  const names =
    path.length === 0 ? Object.keys(definitionSchema.shape) : path[0] === 'tests' ? Object.keys(testsSchema.shape) : [];
  const best = nearest(key, names);
  return best === undefined ? `; allowed: ${names.join(', ')}` : `; did you mean ${best}?`;
}

function placeOf(yaml: YamlFile, path: readonly string[]): string {
  const at = (wanted: readonly string[]): Entry | undefined =>
    yaml.entries.find((entry) => entry.path.join('\0') === wanted.join('\0'));
  for (let length = path.length; length > 0; length -= 1) {
    const entry = at(path.slice(0, length));
    if (entry !== undefined) return `${yaml.name}:${entry.key.line}:${entry.key.column}  ${path.join('.')}`;
  }
  return `${yaml.name}  ${path.join('.')}`;
}

function invalid(where: string, what: string): AnnyError {
  return new AnnyError('DEFINITION_INVALID', {
    doing: `reading ${where}`,
    found: what.trimStart() === what ? what : what.trimEnd(),
    next: 'correct it and run the command again; nothing was touched',
  });
}
