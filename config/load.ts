import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { check } from './check.ts';
import { valueAt } from './layer.ts';
import { masker } from './mask.ts';
import { misplacedSecrets } from './misplaced-secrets.ts';
import { effective } from './origins.ts';
import { type Problem, refuse } from './problem.ts';
import { type Config, configSchema } from './schema.ts';
import { OWN_SECRET_FILES, readSecretFiles, secretNames } from './secrets.ts';
import type { LoadedSettings, SecretOrigin } from './settings.ts';
import { type LoadOptions, readSources, type Sources } from './sources.ts';
import { strangers, variableLayer } from './variable-layer.ts';
import { lookUp, type Variables } from './variables.ts';

/**
 * Reads the configuration. For each key the first of these that has it wins: the environment (ANNY_INFRA_VULTR_PLAN for
 * infra.vultr_plan), `.env.<environment>`, `.env`, config.yaml's overlay of the environment, config.yaml, the default.
 * No file is needed.
 * @throws {AnnyError} CONFIG_INVALID with every problem at once, CONFIG_SECRET when one of them is a secret in config.yaml.
 */
export async function loadSettings(options: LoadOptions): Promise<LoadedSettings> {
  const sources = await readSources(options);
  const { directory, path, file, environment, places } = sources;
  const problems = problemsIn(sources);
  refuse(problems, masker(secretsIn(places, secretNames(declaredSecrets(sources))).values()));

  const { values, origins } = effective(layersOf(sources));
  const config = configSchema.parse(values);
  const secret = (name: string): string | undefined => lookUp(places, name)?.value;
  const files = await readSecretFiles({ ...config.app.secret_files, ...OWN_SECRET_FILES }, secret, directory);
  const secretValues = new Map([...secretsIn(places, secretNames(config.app.secrets)), ...files.contents]);
  return {
    environment,
    config,
    directory,
    publicName: publicName(config),
    secret,
    secretValues: () => secretValues,
    file: file === undefined ? undefined : path,
    warnings: [...(await warningsIn(sources)), ...files.warnings],
    origins,
    secretOrigins: secretOrigins(config, places),
    mask: masker(secretValues.values()),
  };
}

function layersOf({ places, layers, environment }: Sources) {
  const overlay = layers.overlays.get(environment);
  return [...places.map(variableLayer), ...(overlay === undefined ? [] : [overlay]), layers.base];
}

function problemsIn(sources: Sources): Problem[] {
  const { file, layers, places } = sources;
  const names = secretNames(declaredSecrets(sources));
  const misplaced = file === undefined ? [] : misplacedSecrets(file, names, secretsIn(places, names));
  if (file?.broken) return withoutRepeats(misplaced, file.problems);
  const wrong = [...places.map(variableLayer), ...layers.overlays.values(), layers.base].flatMap(check);
  const strange = places.flatMap((place) => strangers(place, otherNames(sources)).problems);
  return withoutRepeats(misplaced, [...(file?.problems ?? []), ...layers.problems, ...wrong, ...strange]);
}

/** Of a line with a secret nothing else is said: what was found there would be the secret. */
function withoutRepeats(misplaced: readonly Problem[], others: readonly Problem[]): Problem[] {
  const line = ({ where }: Problem): string => /^[^:]+:\d+:/.exec(where)?.[0] ?? where;
  const lines = new Set(misplaced.map(line));
  return [...misplaced, ...others.filter((problem) => !lines.has(line(problem)))];
}

/** Names in app.secrets before it is known whether the configuration is right. */
function declaredSecrets(sources: Sources): readonly string[] {
  const { values } = effective(layersOf(sources));
  const names = valueAt(values, ['app', 'secrets']) ?? configSchema.parse({}).app.secrets;
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}

/** Variables that begin like those of keys and are something else. */
function otherNames(sources: Sources): ReadonlySet<string> {
  const { values } = effective(layersOf(sources));
  const files = valueAt(values, ['app', 'secret_files']) ?? configSchema.parse({}).app.secret_files;
  const variables = [...Object.values(files), ...Object.values(OWN_SECRET_FILES)].filter(
    (name) => typeof name === 'string',
  );
  return new Set([...secretNames(declaredSecrets(sources)), ...variables]);
}

function secretsIn(places: readonly Variables[], names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    names.flatMap((name): [string, string][] => {
      const found = lookUp(places, name);
      return found === undefined ? [] : [[name, found.value]];
    }),
  );
}

function secretOrigins({ app }: Config, places: readonly Variables[]): SecretOrigin[] {
  const originOf = (name: string, variable: string): SecretOrigin => {
    const origin = lookUp(places, variable)?.place.origin(variable);
    return { name, set: origin !== undefined, origin: origin ?? '' };
  };
  return [
    ...secretNames(app.secrets).map((name) => originOf(name, name)),
    ...Object.entries({ ...app.secret_files, ...OWN_SECRET_FILES }).map(([name, variable]) => originOf(name, variable)),
  ];
}

async function warningsIn(sources: Sources): Promise<string[]> {
  const { directory, file, places } = sources;
  const misnamed = file === undefined && (await isFile(join(directory, 'config.yml')));
  return [
    ...(misnamed ? ['config.yml is not read: its name must be config.yaml'] : []),
    ...places.flatMap((place) => place.warnings),
    ...places.flatMap((place) => strangers(place, otherNames(sources)).warnings),
  ];
}

function isFile(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function publicName({ infra }: Config): string {
  return infra.subdomain === '' ? infra.parent_domain : `${infra.subdomain}.${infra.parent_domain}`;
}
