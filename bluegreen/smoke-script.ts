import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { agentTo, trusted } from './https-probe.ts';
import type { Smoke, SmokeTarget } from './smoke.ts';

const SCRIPT_TIMEOUT_MS = 120_000;
const REQUEST_TIMEOUT_MS = 30_000;
const OUTPUT_LINES = 15;

export interface SmokeOptions {
  /** Path of the script; undefined for none. */
  readonly script: string | undefined;
  readonly extraCaPath: string;
  /** The app's secrets, which the script may need (ANNY_API_KEY). */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Runs the operator's script with ANNY_BASE_URL. That is a door on loopback, open while the script runs, which leads to the
 * one machine by TLS and name: the script needs to know nothing of addresses and passes.
 */
export function smokeScript(options: SmokeOptions): Smoke {
  return {
    script: options.script,
    run: async (target) => {
      const door = await openDoor(target, options.extraCaPath);
      try {
        const { port } = door.address() as AddressInfo;
        return await runScript(options, `http://127.0.0.1:${port}`, target);
      } finally {
        door.closeAllConnections();
        door.close();
      }
    },
  };
}

async function openDoor(target: SmokeTarget, extraCaPath: string): Promise<Server> {
  const agent = agentTo(target.address, target.name, await trusted(extraCaPath), REQUEST_TIMEOUT_MS);
  const server = createServer((incoming, outgoing) => {
    forward(target, agent, incoming, outgoing).catch((error: unknown) => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end(String(error));
    });
  });
  server.on('close', () => void agent.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function forward(
  target: SmokeTarget,
  dispatcher: ReturnType<typeof agentTo>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { host: _host, connection: _connection, 'transfer-encoding': _encoding, ...headers } = incoming.headers;
  const answer = await request(`https://${target.name}${incoming.url ?? '/'}`, {
    dispatcher,
    method: (incoming.method ?? 'GET') as 'GET',
    headers: { ...headers, ...(target.pass === undefined ? {} : { 'anny-pass': target.pass }) },
    ...(incoming.method === 'GET' || incoming.method === 'HEAD' ? {} : { body: incoming }),
  });
  const { connection: _hop, 'transfer-encoding': _hopEncoding, ...answered } = answer.headers;
  outgoing.writeHead(answer.statusCode, answered);
  answer.body.pipe(outgoing);
}

async function runScript(options: SmokeOptions, baseUrl: string, target: SmokeTarget) {
  const child = spawn(options.script ?? '', [], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: SCRIPT_TIMEOUT_MS,
    env: { ...process.env, ...options.environment, ANNY_BASE_URL: baseUrl, ANNY_ADDRESS: target.address },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise<{ ok: boolean; output: string }>((resolve) => {
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code, signal) => {
      const last = output.trim().split('\n').slice(-OUTPUT_LINES).join('\n');
      resolve({ ok: code === 0, output: code === 0 ? last : `${last}\n(${signal ?? `exit ${code}`})`.trim() });
    });
  });
}
