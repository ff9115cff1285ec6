import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** A schema of the description; only what is read or changed here is named. */
export interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly [keyword: string]: unknown;
}

const anySchema = z.record(z.string(), z.unknown()).transform((one): Schema => one);
const json = z.object({
  'application/json': z.object({
    schema: anySchema,
    examples: z.record(z.string(), z.object({ value: z.unknown() })).optional(),
  }),
});
const operation = z.object({
  parameters: z
    .array(z.object({ name: z.string(), in: z.enum(['path', 'query']), schema: z.object({ type: z.string() }) }))
    .default([]),
  requestBody: z.object({ content: json }).optional(),
  responses: z.record(z.string(), z.object({ content: json.optional() })),
});
const descriptionFile = z.object({
  components: z.object({ schemas: z.record(z.string(), anySchema) }),
  paths: z.record(z.string(), z.partialRecord(z.enum(['get', 'post', 'put', 'patch', 'delete']), operation)),
});

export type Operation = z.infer<typeof operation>;

export interface Description {
  /** Those that others refer to, by their names. */
  readonly schemas: Readonly<Record<string, Schema>>;
  /** "GET /instances/:id" and the like: parameters' names do not matter. */
  find(method: string, path: string): { readonly path: string; readonly operation: Operation } | undefined;
}

const NEWER = 'vultr-openapi-2026-delta.json';
const newer = z.object({ 'POST /instances': z.object({ response_202: z.looseObject({}) }) });

/** Vultr's own description of its API is not part of this repository: a folder beside the checkout may hold it. */
export const FACTS = process.env.ANNY_FACTS ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'facts');
const FILE = join(FACTS, 'vultr-openapi.yaml');

/** undefined where there is none; tests that need it are skipped then, and say so. */
export function readDescription(): Description | undefined {
  if (!existsSync(FILE)) return undefined;
  const { paths, components } = descriptionFile.parse(parse(readFileSync(FILE, 'utf8')));
  const known = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, one]) => ({ key: `${method.toUpperCase()} ${shape(path)}`, path, one })),
  );
  return {
    schemas: components.schemas,
    find: (method, path) => {
      const wanted = path.split('/');
      const fits = known.filter(({ key }) => {
        const [verb, pattern = ''] = key.split(' ');
        const parts = pattern.split('/');
        return (
          verb === method &&
          parts.length === wanted.length &&
          parts.every((part, at) => part === '*' || part === wanted[at])
        );
      });
      // A fixed word before a parameter: /instances/halt is no instance.
      const best = fits.sort((a, b) => a.key.split('*').length - b.key.split('*').length)[0];
      return best === undefined ? undefined : { path: best.path, operation: best.one };
    },
  };
}

/** How a machine that is being made looks since 2026. */
export function exampleOf2026(): object {
  return newer.parse(JSON.parse(readFileSync(join(FACTS, NEWER), 'utf8')))['POST /instances'].response_202;
}

function shape(path: string): string {
  return path.replaceAll(/\{[^}]+\}/g, '*');
}
