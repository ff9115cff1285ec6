import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { configSchema, NAME_PATTERN } from './schema.ts';

/** config.schema.json, for editors: what may stand in config.yaml, with defaults and descriptions. */
export function jsonSchemaText(): string {
  const { properties: sections } = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  const properties = Object.fromEntries(
    Object.keys(sections ?? {}).map((name) => [name, { $ref: `#/definitions/${name}` }]),
  );
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'config.yaml of Anny',
    type: 'object',
    properties: {
      ...properties,
      environments: {
        description: 'What differs in an environment, chosen with --env or ANNY_ENV: the same sections and keys.',
        type: ['object', 'null'],
        propertyNames: { pattern: NAME_PATTERN.source },
        additionalProperties: { $ref: '#/definitions/environment' },
      },
    },
    additionalProperties: false,
    definitions: { ...sections, environment: { type: ['object', 'null'], properties, additionalProperties: false } },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (import.meta.main) await writeFile(join(import.meta.dirname, '..', 'config.schema.json'), jsonSchemaText());
