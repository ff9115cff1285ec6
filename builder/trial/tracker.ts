import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

/** A part of Debian's tracker, in its form: source -> CVE -> releases -> codename. */
export const DEBIAN = {
  nginx: {
    'CVE-2023-44487': {
      description: 'The HTTP/2 protocol allows a denial of service …',
      scope: 'remote',
      releases: {
        bookworm: {
          status: 'resolved',
          repositories: { bookworm: '1.22.1-9+deb12u2', 'bookworm-security': '1.22.1-9+deb12u2' },
          fixed_version: '1.22.1-9+deb12u1',
          urgency: 'high**',
        },
        trixie: {
          status: 'resolved',
          repositories: { trixie: '1.26.3-3' },
          fixed_version: '1.24.0-2',
          urgency: 'high**',
        },
      },
    },
    'CVE-2022-41741': {
      scope: 'local',
      releases: {
        bookworm: {
          status: 'resolved',
          repositories: { bookworm: '1.22.1-9' },
          fixed_version: '1.22.1-1',
          urgency: 'medium',
        },
      },
    },
    'CVE-2009-4487': {
      scope: 'remote',
      releases: { bookworm: { status: 'open', repositories: { bookworm: '1.22.1-9' }, urgency: 'unimportant' } },
    },
    'CVE-2020-0001': {
      releases: {
        bookworm: {
          status: 'resolved',
          repositories: { bookworm: '1.22.1-9' },
          fixed_version: '0',
          urgency: 'not yet assigned',
        },
      },
    },
    'CVE-2024-7347': {
      releases: {
        bookworm: {
          status: 'resolved',
          repositories: { bookworm: '1.22.1-9' },
          fixed_version: '1.22.1-9+deb12u1',
          urgency: 'not yet assigned',
        },
      },
    },
    'CVE-2025-1000': {
      releases: { trixie: { status: 'open', repositories: { trixie: '1.26.3-3' }, urgency: 'not yet assigned' } },
    },
  },
  'not-in-the-image': {
    'CVE-2024-1': { releases: { bookworm: { status: 'open', repositories: {}, urgency: 'high' } } },
  },
};

export type Handle = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server on this computer for one test; what it was asked is kept. */
export async function serve(
  handle: Handle,
): Promise<{ readonly url: string; readonly asked: string[]; close(): void }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      asked.push(`${request.method} ${request.url}`);
      handle(request, response, Buffer.concat(chunks).toString());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  const { port }: AddressInfo = addressOf(server.address());
  return { url: `http://127.0.0.1:${port}`, asked, close };
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (typeof address === 'object' && address !== null) return address;
  throw new Error('the server has no port');
}

/** As the tracker answers: packed where that is wished, with a tag, and shortly to who has it already. */
export function trackerOf(document: () => unknown): Handle {
  return (request, response) => {
    const text = JSON.stringify(document());
    const etag = `"${Buffer.from(text).length}"`;
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip', etag };
    response.writeHead(200, headers).end(gzipSync(text));
  };
}
