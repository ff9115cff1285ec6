import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AnnyError } from '../operation/errors.ts';
import { type FileLayers, fileLayers, unknownEnvironment } from './file-layer.ts';
import { refuse } from './problem.ts';
import { environmentVariables, fileVariables, lookUp, type Variables } from './variables.ts';
import { parseYaml, type YamlFile } from './yaml-file.ts';

export interface LoadOptions {
  /** Where config.yaml and .env lie; the current directory when neither this nor `file` is given. */
  readonly directory?: string | undefined;
  /** Another file than config.yaml; .env then lies beside it. */
  readonly file?: string | undefined;
  /** From --env; otherwise ANNY_ENV, otherwise "production". */
  readonly environment?: string | undefined;
  /** process.env. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Everything that settings are made of, read and parsed but not judged yet. */
export interface Sources {
  readonly directory: string;
  /** Absolute, whether the file is there or not. */
  readonly path: string;
  /** undefined when there is no config.yaml. */
  readonly file: YamlFile | undefined;
  readonly layers: FileLayers;
  readonly environment: string;
  /** The environment, `.env.<environment>` and `.env`: the first that has a variable wins. */
  readonly places: readonly Variables[];
}

const NO_FILE: FileLayers = {
  base: { values: {}, origin: () => '', where: () => '' },
  overlays: new Map(),
  problems: [],
};

export async function readSources(options: LoadOptions): Promise<Sources> {
  const path = resolve(options.file ?? join(options.directory ?? '.', 'config.yaml'));
  const directory = dirname(path);
  const file = await readConfigFile(path, options.file !== undefined);
  const layers = file === undefined ? NO_FILE : fileLayers(file);
  const general = [environmentVariables(options.env), await fileVariables(directory, '.env')].filter(isThere);
  const environment = chooseEnvironment(options.environment, general, file, layers);
  const [first, ...rest] = general;
  // Only now is the environment a known name, and safe as part of a file's name.
  const special = await fileVariables(directory, `.env.${environment}`);
  return { directory, path, file, layers, environment, places: [first, special, ...rest].filter(isThere) };
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}

async function readConfigFile(path: string, wanted: boolean): Promise<YamlFile | undefined> {
  try {
    return parseYaml(await readFile(path, 'utf8'), basename(path));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    if (code === 'ENOENT' && !wanted) return undefined;
    throw new AnnyError('CONFIG_INVALID', {
      doing: `reading ${path}`,
      found: code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`,
      next: 'give the path of a file that is there; without one, the defaults hold',
      cause: error,
    });
  }
}

function chooseEnvironment(
  option: string | undefined,
  places: readonly Variables[],
  file: YamlFile | undefined,
  { overlays }: FileLayers,
): string {
  const variable = lookUp(places, 'ANNY_ENV');
  const environment = option ?? variable?.value ?? 'production';
  // A file that cannot be parsed hides its environments; that it is broken is then the news.
  const what = file?.broken ? undefined : unknownEnvironment(environment, overlays);
  if (what !== undefined) {
    const where = option === undefined ? (variable?.place.where('ANNY_ENV') ?? 'ANNY_ENV') : '--env';
    refuse([{ where, what: file === undefined ? `${what} (there is no config.yaml to name others)` : what }], String);
  }
  if (file?.broken) return 'production';
  return environment;
}
