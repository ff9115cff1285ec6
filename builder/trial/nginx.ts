import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createConnection, createServer as createSocketServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readChain } from '../definition.ts';
import { renderTree } from '../render.ts';
import { layOut, runProgram } from './programs.ts';
import { settingsIn } from './project.ts';

/** A machine's nginx with this project's configuration, on ports and paths of its own. */
export interface TrialNginx {
  /** Where its paths begin: "/run/anny" is under it. */
  readonly root: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** "mode/writer" as anny-box would set it. */
  flag(name: string, on: boolean): Promise<void>;
  /** Where requests wait. Resolves when so many do; `open` lets them all go on. */
  readonly valve: { waiting(count: number): Promise<void>; open(): void };
}

/** What the certificate's key is. */
export type KeyKind = 'ec' | 'rsa';
const KEYS: Readonly<Record<KeyKind, readonly string[]>> = {
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  rsa: ['-newkey', 'rsa:2048'],
};

const READY_TRIES = 100;
const READY_PAUSE_MS = 20;

/** Starts nginx under `root`, with `app` behind it; `body` runs while both serve. */
export async function withNginx(
  root: string,
  app: RequestListener,
  body: (nginx: TrialNginx) => Promise<void>,
  key: KeyKind = 'ec',
): Promise<void> {
  const upstream = createServer(app).listen(0, '127.0.0.1');
  upstream.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  await new Promise((resolve) => upstream.once('listening', resolve));
  const [httpPort, httpsPort] = [await freePort(), await freePort()];
  await writeConfiguration(root, { app: portOf(upstream.address()), http: httpPort, https: httpsPort }, key);
  const { valve, close } = await startValve(root);
  const child = spawn('nginx', ['-p', root, '-c', join(root, 'nginx.conf'), '-e', 'stderr', '-g', 'daemon off;'], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await untilOpen(httpsPort, said);
    await body({
      root,
      httpPort,
      httpsPort,
      valve,
      flag: (name, on) =>
        on ? writeFile(join(root, 'run/anny', name), '') : rm(join(root, 'run/anny', name), { force: true }),
    });
  } finally {
    child.kill('SIGTERM');
    await ended;
    close();
    upstream.closeAllConnections();
    upstream.close();
  }
}

async function writeConfiguration(
  root: string,
  ports: { app: number; http: number; https: number },
  key: KeyKind,
): Promise<void> {
  const settings = await settingsIn(join(import.meta.dirname, '..', '..'), 'production', {
    ANNY_APP_PORT: String(ports.app),
  });
  const chain = await readChain(settings.directory, 'anny');
  const files = (await Promise.all(chain.map((one) => renderTree(settings, one)))).flat();
  await layOut(
    root,
    files.filter(({ path }) => path.startsWith('/etc/nginx/')),
    (text) =>
      text
        .replaceAll(/(?<=[\s:])\/(etc\/anny|run\/anny|var\/log|var\/www)/g, `${root}/$1`)
        .replaceAll('listen [::]:80 default_server;', '')
        .replaceAll('listen [::]:443 ssl http2 default_server;', '')
        .replaceAll('listen 80 ', `listen 127.0.0.1:${ports.http} `)
        .replaceAll('listen 443 ', `listen 127.0.0.1:${ports.https} `)
        .replaceAll('include snippets/', `include ${root}/etc/nginx/snippets/`),
  );
  for (const directory of [
    'run/anny/mode',
    'run/anny/trust',
    'run/anny/takeover',
    'run/anny/pass',
    'var/log/nginx',
    'var/log/anny',
  ]) {
    await mkdir(join(root, directory), { recursive: true });
  }
  await mkdir(join(root, 'etc/anny/tls/current'), { recursive: true });
  const tls = join(root, 'etc/anny/tls/current');
  await runProgram('openssl', [
    ...['req', '-x509', ...KEYS[key], '-nodes', '-days', '1', '-addext', `subjectAltName=DNS:${settings.publicName}`],
    ...['-subj', `/CN=${settings.publicName}`, '-keyout', join(tls, 'privkey.pem'), '-out', join(tls, 'fullchain.pem')],
  ]);
  await runProgram('cp', [join(tls, 'fullchain.pem'), join(root, 'etc/anny/trust.pem')]);
  await writeFile(join(root, 'run/anny/who'), 'id 1 writer\n');
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  await writeFile(
    join(root, 'nginx.conf'),
    `${user} pid ${root}/nginx.pid; worker_processes 1; events {}
http { client_body_temp_path ${root}/body; proxy_temp_path ${root}/proxy; fastcgi_temp_path ${root}/f; uwsgi_temp_path ${root}/u;
scgi_temp_path ${root}/s; include ${root}/etc/nginx/conf.d/*.conf; include ${root}/etc/nginx/sites-available/*.conf; }\n`,
  );
}

/** What systemd does on a machine, between hold.sock and relay.sock. */
async function startValve(root: string): Promise<{ valve: TrialNginx['valve']; close: () => void }> {
  const held: Socket[] = [];
  let came = (): void => {};
  const server = createSocketServer((socket) => {
    held.push(socket.on('error', () => undefined));
    came();
  }).listen(join(root, 'run/anny/hold.sock'));
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    valve: {
      waiting: (count) =>
        new Promise((resolve) => {
          came = () => held.length >= count && resolve();
          came();
        }),
      open: () => {
        for (const socket of held.splice(0)) {
          const onward = createConnection(join(root, 'run/anny/relay.sock'));
          socket
            .pipe(onward)
            .on('error', () => undefined)
            .pipe(socket);
        }
      },
    },
    close: () => server.close(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const port = portOf(server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('the server has no port');
}

async function untilOpen(port: number, said: readonly string[]): Promise<void> {
  for (let count = 0; count < READY_TRIES; count += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await sleep(READY_PAUSE_MS);
  }
  throw new Error(`nginx does not serve: ${said.join('')}`);
}
