import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import type { Clock } from '../../operation/clock.ts';
import { endRecorded, recordProcess } from '../../operation/recorded-process.ts';
import { waitFor } from '../../operation/wait.ts';
import { lastLines } from './host-command.ts';
import { type CloudPlace, LOCAL_REPOSITORY_PASSWORD, LOCAL_REPOSITORY_USER, placeFiles } from './place.ts';

const START_TIMEOUT_MS = 20_000;

export interface RunningRepositoryHost {
  close(): Promise<void>;
}

/** A host for restic repositories, as a provider of storage would be: off the machines, by REST, with a password. It is rclone's. */
export async function startRepositoryHost(place: CloudPlace, clock: Clock): Promise<RunningRepositoryHost> {
  const { repositories, repositoryHost } = placeFiles(place);
  await mkdir(repositories, { recursive: true, mode: 0o700 });
  await mkdir(repositoryHost, { recursive: true, mode: 0o700 });
  const pidFile = join(repositoryHost, 'rclone.json');
  const logFile = join(repositoryHost, 'rclone.log');
  await endRecorded(pidFile, clock);
  const log = await open(logFile, 'w', 0o600);
  const address = `${place.gateway}:${place.repositoryPort}`;
  // What it remembers of its files would outlive them: a repository that is lost would be taken for one with another password.
  const child = spawn('rclone', ['serve', 'restic', '--cache-objects=false', '--addr', address, repositories], {
    stdio: ['ignore', log.fd, log.fd],
    env: {
      ...process.env,
      RCLONE_CONFIG: '/dev/null',
      RCLONE_USER: LOCAL_REPOSITORY_USER,
      RCLONE_PASS: LOCAL_REPOSITORY_PASSWORD,
    },
  });
  await log.close();
  if (child.pid !== undefined) await recordProcess(pidFile, child.pid);
  await waitFor(
    clock,
    { what: 'the repository host', timeoutMs: START_TIMEOUT_MS, intervalMs: 50, next: `look at ${logFile}` },
    async () => {
      if (child.exitCode !== null) return { not: lastLines(await readFile(logFile, 'utf8')) };
      try {
        await (await request(`http://${address}/`)).body.dump();
        return { done: undefined };
      } catch (error) {
        return { not: error instanceof Error ? error.message : String(error) };
      }
    },
  );
  return {
    close: async () => {
      child.kill('SIGTERM');
      await rm(pidFile, { force: true });
    },
  };
}

/** A repository of that name there, as backup.repository names it. */
export function repositoryAt(place: CloudPlace, name: string): string {
  return `rest:http://${LOCAL_REPOSITORY_USER}@${place.gateway}:${place.repositoryPort}/${name}/`;
}
