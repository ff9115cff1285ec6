import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { codeOf, reasonOf } from './memory/disk.ts';
import { StartProblem } from './start-problem.ts';

/** A number in YAML, or its digits in the environment; nothing else, since "" and null must not come to mean 0. */
const wholeNumber = (max: number) =>
  z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], { error: 'must be a whole number' })
    .pipe(z.int().min(0).max(max));

/** Plain settings: an environment variable comes before config.yaml, which comes before the default. */
const plainSchema = z.strictObject({
  greeting: z.string().max(200).default('Hello, I am Anny.'),
  /** Requests a minute for each API key; 0 for no limit. */
  rate_limit: wholeNumber(1_000_000).default(60),
  log_level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** What an HTTP header carries without loss. */
const apiKey = z
  .string()
  .min(1, 'has an empty key between its commas')
  .regex(/^[!-~]*$/, 'has a key that is not of printable ASCII without spaces, as a header needs it');

const environmentSchema = z.object({
  /** One key, or several separated by commas while they are being changed. */
  ANNY_API_KEY: z
    .string({ error: 'is not set: give the key that clients must send' })
    .transform((text) => text.split(',').map((key) => key.trim()))
    .pipe(z.array(apiKey)),
  ANNY_PORT: wholeNumber(65535).default(8000),
  ANNY_HOST: z.string().default('0.0.0.0'),
  ANNY_STATE_DIR: z.string().default('/home/anny/.anny'),
  ANNY_SERVICE_ACCOUNT_PATH: z.string().default('/secrets/service-account.json'),
  ANNY_CONFIG_PATH: z.string().default(join(import.meta.dirname, 'config.yaml')),
  ANNY_IMAGE_DIGEST: z.string().default(''),
});

export interface Settings {
  readonly greeting: string;
  readonly rateLimit: number;
  readonly logLevel: z.infer<typeof plainSchema>['log_level'];
  readonly apiKeys: readonly string[];
  readonly port: number;
  readonly host: string;
  readonly stateDirectory: string;
  readonly serviceAccountPath: string;
  /** "" when nobody said. */
  readonly imageDigest: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Throws a StartProblem that names the setting, its place and what it must be. */
export function readSettings(variables: Environment): Settings {
  // A line "NAME=" in .env means that it is not given.
  const environment = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const given = check(environmentSchema, environment, 'The environment variable');
  const file = readConfig(given.ANNY_CONFIG_PATH);
  const overrides = Object.keys(plainSchema.shape).flatMap((key) => {
    const value = environment[`ANNY_${key.toUpperCase()}`];
    return value === undefined ? [] : [[key, value]];
  });
  const plain = check(
    plainSchema,
    { ...file, ...Object.fromEntries(overrides) },
    `In ${given.ANNY_CONFIG_PATH} or as ANNY_… in the environment,`,
  );
  return {
    greeting: plain.greeting,
    rateLimit: plain.rate_limit,
    logLevel: plain.log_level,
    apiKeys: given.ANNY_API_KEY,
    port: given.ANNY_PORT,
    host: given.ANNY_HOST,
    stateDirectory: given.ANNY_STATE_DIR,
    serviceAccountPath: given.ANNY_SERVICE_ACCOUNT_PATH,
    imageDigest: given.ANNY_IMAGE_DIGEST,
  };
}

function check<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const name = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path[0];
  throw new StartProblem(`${where} ${String(name)}: ${issue?.message ?? 'is wrong'}.`);
}

function readConfig(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    throw new StartProblem(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (error) {
    throw new StartProblem(`${path} is not YAML: ${reasonOf(error).split('\n')[0]}`, { cause: error });
  }
  const map = z.record(z.string(), z.unknown()).safeParse(value);
  if (!map.success) throw new StartProblem(`${path} must hold settings as "name: value" lines.`);
  return map.data;
}
