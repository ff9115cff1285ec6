import { type ChildProcess, spawn } from 'node:child_process';
import { access, appendFile, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import type { Clock } from '../../operation/clock.ts';
import { AnnyError } from '../../operation/errors.ts';
import { endRecorded, recordProcess } from '../../operation/recorded-process.ts';
import { waitFor } from '../../operation/wait.ts';
import { lastLines, runCommand } from './host-command.ts';
import { type CloudPlace, placeFiles } from './place.ts';

const START_TIMEOUT_MS = 20_000;

export interface RunningAcme {
  close(): Promise<void>;
}

/** Pebble, Let's Encrypt's own test server: real ACME, with certificates that only this cloud trusts. */
export async function startAcme(place: CloudPlace, clock: Clock): Promise<RunningAcme> {
  const { acme: directory, trust } = placeFiles(place);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pidFile = join(directory, 'pebble.json');
  await endRecorded(pidFile, clock);
  await ensureServerCertificate(place, directory);
  const config = join(directory, 'config.json');
  await writeFile(config, JSON.stringify(pebbleConfig(place, directory)));
  const log = await open(join(directory, 'pebble.log'), 'w');
  const child = spawn('pebble', ['-config', config, '-dnsserver', `${place.gateway}:${place.dnsPort}`], {
    stdio: ['ignore', log.fd, log.fd],
    // No waiting and no refused nonces: those are for tests of ACME clients.
    env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
  });
  await log.close();
  if (child.pid !== undefined) await recordProcess(pidFile, child.pid);
  await addRoot(place, trust, await rootOf(place, clock, directory, child));
  return {
    close: async () => {
      child.kill('SIGTERM');
      await rm(pidFile, { force: true });
    },
  };
}

/** Since it was started; 0 where it never was. */
export async function certificatesIssued(place: CloudPlace): Promise<number> {
  const log = await readFile(join(placeFiles(place).acme, 'pebble.log'), 'utf8').catch(() => '');
  return log.match(/ Issued certificate serial /g)?.length ?? 0;
}

function managementPort(place: CloudPlace): number {
  return place.adminPort + 1;
}

function pebbleConfig(place: CloudPlace, directory: string): object {
  return {
    pebble: {
      listenAddress: `${place.gateway}:${place.acmePort}`,
      managementListenAddress: `127.0.0.1:${managementPort(place)}`,
      certificate: join(directory, 'server.crt'),
      privateKey: join(directory, 'server.key'),
      httpPort: 80,
      tlsPort: 443,
      ocspResponderURL: '',
      externalAccountBindingRequired: false,
    },
  };
}

/** For the ACME server's own HTTPS, good for the gateway's address. */
async function ensureServerCertificate(place: CloudPlace, directory: string): Promise<void> {
  const certificate = join(directory, 'server.crt');
  if (
    await access(certificate).then(
      () => true,
      () => false,
    )
  )
    return;
  const result = await runCommand(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3650'],
      ...[
        '-subj',
        `/CN=${place.name} ACME`,
        '-addext',
        `subjectAltName=IP:${place.gateway},IP:127.0.0.1,DNS:localhost`,
      ],
      ...['-keyout', join(directory, 'server.key'), '-out', certificate],
    ],
    { timeoutMs: 10_000 },
  );
  if (result.code === 0) return;
  throw new AnnyError('COMMAND_FAILED', {
    doing: 'making a certificate for the ACME server',
    found: lastLines(result.output),
    next: 'install openssl: apt-get install openssl',
  });
}

/** Pebble makes a new root at each start, and tells it on its management port. */
async function rootOf(place: CloudPlace, clock: Clock, directory: string, child: ChildProcess): Promise<string> {
  const agent = new Agent({ connect: { ca: await readFile(join(directory, 'server.crt'), 'utf8') } });
  try {
    return await waitFor(
      clock,
      {
        what: 'the ACME server',
        timeoutMs: START_TIMEOUT_MS,
        intervalMs: 100,
        next: `look at ${directory}/pebble.log`,
      },
      async () => {
        if (child.exitCode !== null) return { not: lastLines(await readFile(join(directory, 'pebble.log'), 'utf8')) };
        try {
          const { body } = await request(`https://127.0.0.1:${managementPort(place)}/roots/0`, { dispatcher: agent });
          return { done: await body.text() };
        } catch (error) {
          return { not: error instanceof Error ? error.message : String(error) };
        }
      },
    );
  } finally {
    await agent.close();
  }
}

/** Earlier roots stay: certificates under them are still in use. */
async function addRoot(place: CloudPlace, trust: string, root: string): Promise<void> {
  const known = await readFile(trust, 'utf8').catch(() => '');
  const server = await readFile(join(placeFiles(place).acme, 'server.crt'), 'utf8');
  const missing = [server, root].filter((pem) => !known.includes(pem.trim()));
  if (missing.length > 0) await appendFile(trust, missing.map((pem) => `${pem.trim()}\n`).join(''), { mode: 0o644 });
}
