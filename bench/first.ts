import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { apiOptionsOf } from '../cloud/account/open.ts';
import { openAccountSetup } from '../cloud/account/setup.ts';
import { LOCAL_REPOSITORY_PASSWORD } from '../cloud/local/place.ts';
import { loadSettings } from '../config/load.ts';
import type { LoadedSettings } from '../config/settings.ts';
import { demoEnvironment, ROOT } from '../demo/project.ts';
import type { Stage } from '../demo/stage.ts';
import { openVisitor } from '../demo/visitor.ts';
import type { Family, Figure } from './figure.ts';
import { onGround, secondsOf } from './ground.ts';

/** The first hour: two commands, from an empty directory and an account with nothing in it. */
export const first: Family = {
  name: 'first',
  run: (tell) => onGround((stage) => fromNothing(stage, tell)),
};

const ZONE = 'anny.test';
const NAME = `first.${ZONE}`;
/** The issue's own word for it. */
const HOUR_S = 3600;

export async function fromNothing(stage: Stage, tell: (figure: Figure) => void): Promise<void> {
  const settings = await loadSettings({ env: {}, directory: stage.project.directory, environment: 'demo' });
  await emptyAccount(stage, settings);
  const parent = join(ROOT, '.anny', 'first');
  await mkdir(parent, { recursive: true });
  const directory = await mkdtemp(join(parent, 'empty-'));
  try {
    const anny = (words: readonly string[], onLine?: (line: string) => void) =>
      bluegreen(directory, localAccount(stage, settings, directory), words, onLine);
    const repository = settings.config.backup.repository.replace(/[^/]+\/$/, 'first/');
    const said = ['--domain', NAME, '--zone', ZONE, '--region', 'ewr', '--email', `ops@${ZONE}`];
    const init = await secondsOf(() => anny(['init', ...said, '--repository', repository, '--up', '--yes']));
    const begun = performance.now();
    let baked = 0;
    const deploy = await secondsOf(() =>
      anny(['promote', '--build', '--yes'], (line) => {
        if (baked === 0 && line.startsWith('✔ create machine')) baked = (performance.now() - begun) / 1000;
      }),
    );
    await seeServing(stage, directory);
    const peer = `2 commands: init ${init} s, promote --build ${deploy} s, of that the bake ${baked.toFixed(1)} s`;
    tell({ name: 'first.deploy_s', value: Math.round((init + deploy) * 10) / 10, unit: 's', limit: HOUR_S, peer });
    tell({ name: 'first.bake_s', value: Math.round(baked * 10) / 10, unit: 's' });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** As an account is that was made a minute ago. */
async function emptyAccount({ account }: Stage, settings: LoadedSettings): Promise<void> {
  const options = apiOptionsOf(settings, {});
  const setup = openAccountSetup(options);
  for (const { id } of await account.sshKeys()) await setup.deleteSshKey(id);
  for (const domain of await setup.domains()) await setup.deleteDomain(domain);
}

/** What stands for Vultr, its name servers and its issuer; and for a person who types an API key. */
function localAccount(
  { project }: Stage,
  { config: { infra, tls, app, image }, secret }: LoadedSettings,
  home: string,
): Readonly<Record<string, string>> {
  return {
    HOME: home,
    VULTR_API_KEY: secret('VULTR_API_KEY') ?? '',
    RESTIC_REST_PASSWORD: LOCAL_REPOSITORY_PASSWORD,
    ANNY_INFRA_API_URL: infra.api_url,
    ANNY_INFRA_NAME_SERVERS: infra.name_servers.join(','),
    ANNY_TLS_ACME_SERVER: tls.acme_server,
    ANNY_TLS_EXTRA_CA: project.trust,
    ANNY_APP_BUILD_ARGS: Object.entries(app.build_args)
      .map(([name, value]) => `${name}=${value}`)
      .join(','),
    ANNY_IMAGE_DOCKER: image.docker,
    ANNY_IMAGE_HARDENING: String(image.hardening),
  };
}

/** By its public name, with the key that init made up. */
async function seeServing({ project }: Stage, directory: string): Promise<void> {
  const { secret } = await loadSettings({ env: {}, directory });
  const visitor = await openVisitor({ ...project, name: NAME, apiKey: secret('ANNY_API_KEY') ?? '' });
  try {
    await visitor.write('first', 'of all');
    if (!(await visitor.ids()).has('first')) throw new Error(`${NAME} does not remember what it acknowledged`);
  } finally {
    await visitor.close();
  }
}

function bluegreen(
  directory: string,
  env: Readonly<Record<string, string>>,
  words: readonly string[],
  onLine: (line: string) => void = () => undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const { ANNY_ENV: _demo, ...plain } = demoEnvironment(process.env);
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'anny-bluegreen.js'), ...words], {
      cwd: directory,
      env: { ...plain, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const read = (chunk: Buffer): void => {
      said += chunk.toString();
      for (const line of chunk.toString().split('\n')) onLine(line);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`anny-bluegreen ${words[0]} ended with ${code}:\n${said}`)),
    );
  });
}
