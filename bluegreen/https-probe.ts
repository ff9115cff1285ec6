import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { Agent, request } from 'undici';
import type { Probe, ProbeAnswer, ProbeRequest } from './probe.ts';

const BODY_LIMIT_CHARS = 500;

/** Probes over real HTTPS. `extraCaPath`: certificates that this environment trusts besides the system's; "" for none. */
export function httpsProbe(extraCaPath: string): Probe {
  return {
    get: async (wanted) => {
      const agent = agentTo(wanted.address, wanted.name, await trusted(extraCaPath), wanted.timeoutMs);
      const begun = performance.now();
      try {
        const answer = await ask(wanted, agent);
        return { ...answer, tookMs: performance.now() - begun };
      } catch (error) {
        const code = codeOf(error);
        const because = code === undefined ? {} : { code };
        return { status: 0, body: '', tookMs: performance.now() - begun, problem: reasonOf(error), ...because };
      } finally {
        await agent.destroy();
      }
    },
  };
}

/** The environment's own trust grows while it lives, so it is read when it is needed. */
export async function trusted(extraCaPath: string): Promise<string[]> {
  const system = getCACertificates('default');
  return extraCaPath === '' ? system : [...system, await readFile(extraCaPath, 'utf8')];
}

/** Connections go to `address` whatever the name resolves to; the certificate must be good for the name. */
export function agentTo(address: string, name: string, ca: string[], timeoutMs: number): Agent {
  return new Agent({
    connect: {
      ca,
      servername: name,
      timeout: timeoutMs,
      // Not at once: an address without a way to it would fail before anybody listens for the error.
      lookup: (_host, options, callback) =>
        void setImmediate(() => (options.all ? callback(null, [{ address, family: 4 }]) : callback(null, address, 4))),
    },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
}

async function ask(wanted: ProbeRequest, agent: Agent): Promise<Pick<ProbeAnswer, 'status' | 'body'>> {
  const { statusCode, body } = await request(`https://${wanted.name}${wanted.path}`, {
    dispatcher: agent,
    headers: wanted.pass === undefined ? {} : { 'anny-pass': wanted.pass },
    signal: AbortSignal.timeout(wanted.timeoutMs),
  });
  return { status: statusCode, body: (await body.text()).slice(0, BODY_LIMIT_CHARS) };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const code = codeOf(error);
  return code === undefined ? error.message : `${error.message} (${code})`;
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return 'code' in error && typeof error.code === 'string' ? error.code : codeOf(error.cause);
}
