import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { AnnyError } from '../../operation/errors.ts';
import type { Report } from '../../operation/report.ts';
import { aptInstall } from './apt.ts';
import { hasCommand } from './engine.ts';
import { lastLines, runCommand } from './host-command.ts';

const SUITE = 'bookworm';
const BUILD_TIMEOUT_MS = 10 * 60_000;
const EXTRA_CA_DIRECTORY = '/usr/local/share/ca-certificates';

/** What a root file system made with mmdebstrap consists of: its tag is made from all of it. */
export interface RootRecipe {
  /** "anny-local/machine" */
  readonly repository: string;
  /** A tag that people use ("24"), besides the one made from the recipe. */
  readonly tag?: string;
  readonly packages: readonly string[];
  /** Absolute path -> content. */
  readonly files: Readonly<Record<string, string>>;
  /** Absolute path -> path of a file on this computer, copied in with mode 755. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Directories of this computer, copied in. */
  readonly trees?: Readonly<Record<string, string>>;
  /** Shell lines that run in the new root at the end. */
  readonly run: readonly string[];
  readonly environment?: readonly string[];
  /** Whatever else decides whether an older build is still right. */
  readonly version: string;
}

/** Builds the image once; later calls find it by the recipe. Returns "repository:hash". */
export async function ensureRootImage(engine: Docker, recipe: RootRecipe, report: Report): Promise<string> {
  const authorities = await extraAuthorities();
  const hash = createHash('sha256')
    .update(JSON.stringify([SUITE, recipe, authorities]))
    .digest('hex')
    .slice(0, 16);
  const name = `${recipe.repository}:${hash}`;
  if (!(await hasImage(engine, name))) {
    const step = report.step(`make ${recipe.repository}`, 'Debian 12 by mmdebstrap, once');
    try {
      await build(engine, recipe, authorities, hash);
      step.done();
    } catch (error) {
      step.failed(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }
  if (recipe.tag !== undefined) await engine.getImage(name).tag({ repo: recipe.repository, tag: recipe.tag });
  return name;
}

async function hasImage(engine: Docker, name: string): Promise<boolean> {
  return engine
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

async function build(
  engine: Docker,
  recipe: RootRecipe,
  authorities: ReadonlyMap<string, string>,
  hash: string,
): Promise<void> {
  if (!(await hasCommand('mmdebstrap'))) await aptInstall(['mmdebstrap']);
  const directory = await mkdtemp(join(tmpdir(), 'anny-root-'));
  try {
    const tar = join(directory, 'root.tar');
    const result = await runCommand('mmdebstrap', await mmdebstrapArguments(recipe, authorities, tar), {
      timeoutMs: BUILD_TIMEOUT_MS,
      env: environmentOf(recipe, authorities),
    });
    if (result.code !== 0) throw failed(recipe, lastLines(result.output, 6));
    const changes = (recipe.environment ?? []).map((pair) => `ENV ${pair}`);
    const stream = await engine.importImage(createReadStream(tar), {
      repo: recipe.repository,
      tag: hash,
      ...(changes.length === 0 ? {} : { changes: changes.join('\n') }),
    });
    await new Promise<void>((resolve, reject) =>
      engine.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** File contents travel as environment variables of the hooks: no quoting, no temporary files. */
function environmentOf(recipe: RootRecipe, authorities: ReadonlyMap<string, string>): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...Object.fromEntries(allFiles(recipe, authorities).map(([, content], index) => [`ANNY_FILE_${index}`, content])),
  };
}

function allFiles(recipe: RootRecipe, authorities: ReadonlyMap<string, string>): [string, string][] {
  const trusted = [...authorities].map(([name, pem]): [string, string] => [`${EXTRA_CA_DIRECTORY}/${name}`, pem]);
  return [...trusted, ...Object.entries(recipe.files)];
}

async function mmdebstrapArguments(
  recipe: RootRecipe,
  authorities: ReadonlyMap<string, string>,
  tar: string,
): Promise<string[]> {
  const writes = allFiles(recipe, authorities).map(
    ([path], index) => `mkdir -p "$(dirname "$1${path}")" && printf %s "$ANNY_FILE_${index}" > "$1${path}"`,
  );
  const programs = Object.entries(recipe.programs ?? {}).map(
    ([path, source]) => `install -D -m 755 "${source}" "$1${path}"`,
  );
  const trees = Object.entries(recipe.trees ?? {}).map(
    ([path, source]) => `mkdir -p "$1${path}" && cp -rL "${source}/." "$1${path}/"`,
  );
  const inside = [...(authorities.size > 0 ? ['update-ca-certificates'] : []), ...recipe.run];
  const hooks = [...writes, ...programs, ...trees, ...inside.map((line) => `chroot "$1" sh -ec '${line}'`)];
  return [
    '--quiet',
    '--variant=minbase',
    `--include=${recipe.packages.join(',')}`,
    ...hooks.map((line) => `--customize-hook=${line}`),
    SUITE,
    tar,
    ...(await mirrors()),
  ];
}

/** This computer's own mirrors, where it is a Debian of the same suite; the public one else. */
async function mirrors(): Promise<string[]> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (release.includes(`VERSION_CODENAME=${SUITE}`)) return [];
  return ['http://deb.debian.org/debian'];
}

/** Certificates that this computer trusts by its administrator's wish: machines here reach the world the same way. */
async function extraAuthorities(): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(EXTRA_CA_DIRECTORY).catch(() => [])).filter((name) => name.endsWith('.crt')).sort();
  const read = names.map(
    async (name): Promise<[string, string]> => [name, await readFile(join(EXTRA_CA_DIRECTORY, name), 'utf8')],
  );
  return new Map(await Promise.all(read));
}

function failed(recipe: RootRecipe, found: string): AnnyError {
  return new AnnyError('BUILD_FAILED', {
    doing: `making ${recipe.repository} with mmdebstrap`,
    found,
    next: 'check that this computer reaches its Debian mirror (apt-get update) and has 2 GiB free in /tmp',
  });
}
