import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { request } from 'undici';
import { makeSshKey } from '../../machine/ssh-key.ts';
import { AnnyError } from '../../operation/errors.ts';
import { recordedProcess, recordProcess } from '../../operation/recorded-process.ts';
import { systemClock } from '../../operation/system-clock.ts';
import { waitFor } from '../../operation/wait.ts';
import { openAccount } from '../account/account.ts';
import { aptInstall } from './apt.ts';
import { findEngine, hasCommand, type Surroundings } from './engine.ts';
import { lastLines } from './host-command.ts';
import { ensureRootImage } from './machine-image.ts';
import { ensureNetwork } from './network.ts';
import {
  type CloudPlace,
  LOCAL_API_KEY,
  LOCAL_BACKUP_PASSWORD,
  LOCAL_REPOSITORY_PASSWORD,
  LOCAL_SSH_KEY_NAME,
  LOCAL_ZONE,
  placeFiles,
} from './place.ts';
import { appBase, basesIn, STOCK_MACHINE } from './recipes.ts';
import { repositoryAt } from './repository-host.ts';

const START_TIMEOUT_MS = 90_000;

export interface CloudUp {
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly zone: string;
  readonly nameServer: string;
  readonly acme: string;
  readonly sshKey: string;
  readonly trust: string;
  /** Where backups can be kept: add a name, and it is a repository. */
  readonly repositories: string;
}

/** Brings the local cloud up, whatever is there already. `directory`: the project that gets a key and the trust file. */
export async function bringUp(surroundings: Surroundings, directory: string): Promise<CloudUp> {
  const { place } = surroundings;
  await mkdir(place.stateDir, { recursive: true, mode: 0o700 });
  const config = await readFile(join(directory, 'config.yaml'), 'utf8').catch(() => undefined);
  const { engine, machineImage } = await makeReady(surroundings, basesIn(config));
  await ensureNetwork(engine, place);
  if ((await recordedProcess(placeFiles(place).daemonPid)) === undefined) await startDaemon(surroundings, machineImage);
  return furnish(place, directory);
}

/**
 * What every local cloud on this computer needs and all of them share: an engine, programs, the image of a stock machine, and
 * those that apps stand on.
 */
export async function makeReady(
  surroundings: Surroundings,
  bases: readonly string[] = basesIn(undefined),
): Promise<{ readonly engine: Docker; readonly machineImage: string }> {
  const engine = await findEngine(surroundings);
  await ensurePrograms(surroundings);
  const [machineImage] = await Promise.all([
    ensureRootImage(engine, STOCK_MACHINE, surroundings.report),
    ...bases.map(async (image) => {
      const recipe = await appBase(image);
      return recipe === undefined ? '' : ensureRootImage(engine, recipe, surroundings.report);
    }),
  ]);
  return { engine, machineImage };
}

async function ensurePrograms({ report }: Surroundings): Promise<void> {
  const wanted = {
    pebble: 'pebble',
    nft: 'nftables',
    nsenter: 'util-linux',
    openssl: 'openssl',
    rclone: 'rclone',
    restic: 'restic',
  };
  const checks = Object.entries(wanted).map(async ([command, name]) => ((await hasCommand(command)) ? [] : [name]));
  const missing = (await Promise.all(checks)).flat();
  if (missing.length === 0) return;
  const step = report.step('install', missing.join(', '));
  try {
    await aptInstall(missing);
    step.done();
  } catch (error) {
    step.failed(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

async function startDaemon({ place, clock, report }: Surroundings, machineImage: string): Promise<void> {
  const files = placeFiles(place);
  await refuseTakenPorts(place);
  const step = report.step(
    'start the local cloud',
    `API, name server, ACME server and repository host; log ${files.daemonLog}`,
  );
  const log = await open(files.daemonLog, 'w', 0o600);
  const options = JSON.stringify({ ...optionsOf(place), apiKey: LOCAL_API_KEY, machineImage });
  const entry = join(import.meta.dirname, `daemon${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`);
  const child = spawn(process.execPath, [entry, options], { detached: true, stdio: ['ignore', log.fd, log.fd] });
  child.unref();
  await log.close();
  if (child.pid !== undefined) await recordProcess(files.daemonPid, child.pid);
  try {
    await waitFor(
      clock,
      { what: 'the local cloud', timeoutMs: START_TIMEOUT_MS, next: `look at ${files.daemonLog}` },
      async () => {
        if (child.exitCode !== null) throw new Error(lastLines(await readFile(files.daemonLog, 'utf8'), 6));
        return (await apiAnswers(place)) ? { done: true } : { not: 'its API does not answer yet' };
      },
    );
    step.done();
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    step.failed(found);
    throw new AnnyError('COMMAND_FAILED', {
      doing: 'starting the local cloud',
      found,
      next: `look at ${files.daemonLog}; anny-cloud reset begins anew`,
      cause,
    });
  }
}

function optionsOf(place: CloudPlace) {
  const { name, subnet, apiPort, stateDir } = place;
  return { name, subnet, apiPort, stateDir };
}

/** Before anything is started: a port that something else has gives a clear message, not a stack trace in a log. */
async function refuseTakenPorts(place: CloudPlace): Promise<void> {
  const wanted = [
    { host: '127.0.0.1', port: place.apiPort, what: 'the API', fix: '--port 9484' },
    { host: '127.0.0.1', port: place.adminPort, what: 'the admin API', fix: '--port 9484' },
    { host: place.gateway, port: place.dnsPort, what: 'the name server', fix: '--subnet 10.79.0.0/24' },
    { host: place.gateway, port: place.acmePort, what: 'the ACME server', fix: '--subnet 10.79.0.0/24' },
    { host: place.gateway, port: place.metadataPort, what: 'the metadata service', fix: '--subnet 10.79.0.0/24' },
    { host: place.gateway, port: place.repositoryPort, what: 'the repository host', fix: '--subnet 10.79.0.0/24' },
  ];
  for (const { host, port, what, fix } of wanted) {
    const problem = await tryToListen(host, port);
    if (problem === undefined) continue;
    throw new AnnyError('PORT_TAKEN', {
      doing: `starting the local cloud: ${what} needs ${host}:${port}`,
      found: problem === 'EADDRINUSE' ? 'something else listens there' : problem,
      next: `ss -ltnp 'sport = :${port}' shows what; end it, or use another: anny-cloud up ${fix}`,
    });
  }
}

function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

async function apiAnswers(place: CloudPlace): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${apiUrl(place)}/regions`);
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

export function apiUrl(place: CloudPlace): string {
  return `http://127.0.0.1:${place.apiPort}/v2`;
}

/** What a user of the account would have: a zone, a registered SSH key, and the trust of the cloud's own issuer. */
async function furnish(place: CloudPlace, directory: string): Promise<CloudUp> {
  const local = join(directory, '.anny', 'local');
  await mkdir(local, { recursive: true, mode: 0o700 });
  const sshKey = join(local, 'ssh_key');
  const trust = join(local, 'trust.pem');
  const publicKey = await ensureSshKey(sshKey);
  await copyFile(placeFiles(place).trust, trust);
  await ensureEnvironmentFile(join(directory, '.env.local'));
  const account = openAccountHere(place);
  const keys = await account.sshKeys();
  const same = keys.some((key) => key.name === LOCAL_SSH_KEY_NAME && key.publicKey === publicKey);
  if (!same) await replaceSshKey(place, keys, publicKey);
  await ensureZone(place);
  return {
    apiUrl: apiUrl(place),
    apiKey: LOCAL_API_KEY,
    zone: LOCAL_ZONE,
    nameServer: `${place.gateway}:${place.dnsPort}`,
    acme: `https://${place.gateway}:${place.acmePort}/dir`,
    sshKey,
    trust,
    repositories: repositoryAt(place, '').slice(0, -1),
  };
}

/** What environment "local" asks of a user, but for the app's own secrets. One that is there is the user's. */
async function ensureEnvironmentFile(path: string): Promise<void> {
  const lines = [
    "# The local cloud's own; none of it is secret. `anny-cloud up` made this file.",
    `VULTR_API_KEY=${LOCAL_API_KEY}`,
    `ANNY_BACKUP_PASSWORD=${LOCAL_BACKUP_PASSWORD}`,
    `RESTIC_REST_PASSWORD=${LOCAL_REPOSITORY_PASSWORD}`,
  ];
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

function openAccountHere(place: CloudPlace) {
  return openAccount({ apiUrl: apiUrl(place), apiKey: LOCAL_API_KEY, clock: systemClock });
}

async function ensureSshKey(path: string): Promise<string> {
  const known = await readFile(`${path}.pub`, 'utf8').catch(() => undefined);
  if (known !== undefined) return known.trim();
  const key = makeSshKey(systemClock);
  const publicKey = `${key.publicKey} ${LOCAL_SSH_KEY_NAME}`;
  await writeFile(path, key.privateKey, { mode: 0o600 });
  await chmod(path, 0o600);
  await writeFile(`${path}.pub`, `${publicKey}\n`);
  return publicKey;
}

/** Another checkout made its own key before; the account holds one under this name. */
async function replaceSshKey(
  place: CloudPlace,
  keys: readonly { readonly id: string; readonly name: string }[],
  publicKey: string,
): Promise<void> {
  for (const key of keys.filter(({ name }) => name === LOCAL_SSH_KEY_NAME))
    await call(place, 'DELETE', `/ssh-keys/${key.id}`);
  await call(place, 'POST', '/ssh-keys', { name: LOCAL_SSH_KEY_NAME, ssh_key: publicKey });
}

async function ensureZone(place: CloudPlace): Promise<void> {
  if ((await call(place, 'GET', `/domains/${LOCAL_ZONE}`)) === 404)
    await call(place, 'POST', '/domains', { domain: LOCAL_ZONE });
}

/** What the account port has no word for, since a release never needs it. */
async function call(
  place: CloudPlace,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<number> {
  const answer = await request(`${apiUrl(place)}${path}`, {
    method,
    headers: { authorization: `Bearer ${LOCAL_API_KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await answer.body.dump();
  return answer.statusCode;
}
