import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when a string, else as JSON. */
  readonly body?: unknown;
}

export interface ScriptedServer {
  readonly apiUrl: string;
  /** "GET /instances", with queries, as they came. */
  readonly calls: string[];
  close(): Promise<void>;
}

/** Answers the script's replies one after another, and the last one from then on: for what no real API can be made to say. */
export async function scriptedServer(...script: readonly Reply[]): Promise<ScriptedServer> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const reply = script[Math.min(calls.length, script.length - 1)] ?? { status: 500 };
    calls.push(`${request.method} ${request.url}`);
    request.resume();
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    apiUrl: `http://127.0.0.1:${port}`,
    calls,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
