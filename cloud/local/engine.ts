import { spawn } from 'node:child_process';
import { access, constants, mkdir, open, readFile, statfs } from 'node:fs/promises';
import Docker from 'dockerode';
import type { Clock } from '../../operation/clock.ts';
import { AnnyError } from '../../operation/errors.ts';
import { endRecorded, recordProcess } from '../../operation/recorded-process.ts';
import type { Report } from '../../operation/report.ts';
import { waitFor } from '../../operation/wait.ts';
import { aptInstall } from './apt.ts';
import { lastLines, runCommand } from './host-command.ts';
import { type CloudPlace, placeFiles } from './place.ts';

export interface Surroundings {
  readonly place: CloudPlace;
  readonly clock: Clock;
  readonly report: Report;
}

const NEEDED_BYTES = 4 * 1024 ** 3;
const START_TIMEOUT_MS = 60_000;
const BY_HAND =
  'install Docker yourself (https://docs.docker.com/engine/install/, or apt-get install docker.io), start it, and make sure that you may use it';

/** The Docker engine of this computer; installed and started when none answers and that can be done here. */
export async function findEngine(surroundings: Surroundings): Promise<Docker> {
  const engine = new Docker();
  if (!(await answers(engine))) {
    await refuseWhereImpossible();
    await installEngine(surroundings);
    await startEngine(surroundings, engine);
  }
  await refuseWithoutSpace(engine);
  return engine;
}

export async function answers(engine: Docker): Promise<boolean> {
  return engine.ping().then(
    () => true,
    () => false,
  );
}

async function refuseWhereImpossible(): Promise<void> {
  const missing = (found: string): AnnyError =>
    new AnnyError('ENGINE_MISSING', { doing: 'looking for a Docker engine', found, next: BY_HAND });
  const socket = process.env.DOCKER_HOST;
  if (socket !== undefined) throw missing(`none answers at DOCKER_HOST=${socket}`);
  if (process.platform !== 'linux')
    throw missing(`none answers, and this is ${process.platform}: it cannot be installed from here`);
  const root = process.getuid?.() === 0;
  const known = await access('/var/run/docker.sock').then(
    () => true,
    () => false,
  );
  if (!root && known)
    throw missing(
      'one is there, but you may not use it, or it is stopped (sudo usermod -aG docker $USER, then log in again)',
    );
  if (!root) throw missing('none answers, and only root can install and start one');
}

async function installEngine({ report }: Surroundings): Promise<void> {
  if (await hasCommand('dockerd')) return;
  const step = report.step('install Docker', 'no engine answers: docker.io from the distribution');
  try {
    await aptInstall(['docker.io', 'iptables', 'nftables']);
    step.done();
  } catch (error) {
    step.failed(error instanceof Error ? error.message : String(error));
    throw new AnnyError('ENGINE_MISSING', {
      doing: 'installing Docker',
      found: error instanceof AnnyError ? error.found : String(error),
      next: BY_HAND,
      cause: error,
    });
  }
}

/** In the background, in a session of its own: it outlives this command, and `down` ends it. */
async function startEngine({ place, clock, report }: Surroundings, engine: Docker): Promise<void> {
  const files = placeFiles(place);
  await mkdir(place.stateDir, { recursive: true, mode: 0o700 });
  const log = await open(files.engineLog, 'a');
  const step = report.step('start Docker', `dockerd in the background, log ${files.engineLog}`);
  const child = spawn('dockerd', [], { detached: true, stdio: ['ignore', log.fd, log.fd] });
  const failed = new Promise<string>((resolve) => child.once('error', (error) => resolve(error.message)));
  child.unref();
  await log.close();
  if (child.pid !== undefined) await recordProcess(files.engine, child.pid);
  try {
    await waitFor(clock, { what: 'dockerd to answer', timeoutMs: START_TIMEOUT_MS, next: BY_HAND }, async () => {
      if (await answers(engine)) return { done: true };
      if (child.exitCode !== null) return { not: lastLines(await readFile(files.engineLog, 'utf8')) };
      return { not: await Promise.race([failed, clock.sleep(1).then(() => 'it does not answer yet')]) };
    });
    step.done();
  } catch (cause) {
    const last = lastLines(await readFile(files.engineLog, 'utf8').catch(() => ''));
    step.failed(last);
    throw new AnnyError('ENGINE_MISSING', { doing: 'starting dockerd', found: last, next: BY_HAND, cause });
  }
}

/** Ends the dockerd that `findEngine` started, and no other. True when there was one. */
export async function stopEngine({ place, clock }: Surroundings): Promise<boolean> {
  return endRecorded(placeFiles(place).engine, clock);
}

export async function hasCommand(name: string): Promise<boolean> {
  return (await runCommand('sh', ['-c', `command -v ${name}`], { timeoutMs: 5_000 })).code === 0;
}

async function refuseWithoutSpace(engine: Docker): Promise<void> {
  const info = (await engine.info()) as { DockerRootDir?: string };
  const root = info.DockerRootDir ?? '/var/lib/docker';
  const readable = await access(root, constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!readable) return;
  const { bavail, bsize } = await statfs(root);
  if (bavail * bsize >= NEEDED_BYTES) return;
  throw new AnnyError('NO_SPACE', {
    doing: 'looking at the space for machines and snapshots',
    found: `${((bavail * bsize) / 1024 ** 3).toFixed(1)} GiB free at ${root}, the local cloud needs 4`,
    next: 'docker system df shows what takes it; anny-cloud reset gives back what an old cloud holds',
  });
}

/** Whether containers may be privileged: not where this computer itself lacks a capability. */
export async function canBePrivileged(): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const bounding = /^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1];
  const last = Number((await readFile('/proc/sys/kernel/cap_last_cap', 'utf8').catch(() => '')).trim());
  return bounding !== undefined && last > 0 && BigInt(`0x${bounding}`) === (1n << BigInt(last + 1)) - 1n;
}
