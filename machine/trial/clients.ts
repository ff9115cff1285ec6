import { Agent, request } from 'undici';
import { lookupOf } from '../../demo/outside.ts';
import { startWriting as startWritingTo } from '../../demo/writing.ts';
import type { Ground } from './ground.ts';

export interface Tally {
  /** Every text that was answered with 200, which the app must not lose. */
  readonly kept: readonly string[];
  /** What else came back, or what broke. */
  readonly failures: readonly string[];
  readonly longestMs: number;
}

/** A way to a machine as the world has it: by name and TLS, whatever the name server says just now. */
export function clientOf(ground: Ground, address: string, connections = 1): Agent {
  return new Agent({
    connections,
    pipelining: 1,
    connect: {
      ca: ground.trust,
      servername: ground.settings.publicName,
      timeout: 5_000,
      lookup: lookupOf(async () => address),
    },
    headersTimeout: 60_000,
  });
}

export async function get(ground: Ground, client: Agent, path: string, headers: Record<string, string> = {}) {
  const answer = await request(`https://${ground.settings.publicName}${path}`, { dispatcher: client, headers });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

/** Clients that write as fast as they are answered, over connections that they keep, until `stop` is called. */
export function startWriting(
  ground: Ground,
  address: string,
  clients: number,
  label = 'write',
): { stop(): Promise<Tally> } {
  const client = clientOf(ground, address, clients);
  const write = async (text: string): Promise<void> => {
    const url = `https://${ground.settings.publicName}/`;
    const { statusCode, body } = await request(url, { method: 'POST', body: text, dispatcher: client });
    const said = await body.text();
    if (statusCode !== 200) throw new Error(`${statusCode} ${said.slice(0, 100)}`);
  };
  const writing = startWritingTo({ write }, `${label}-${address}-${Date.now()}`, clients, 0);
  return {
    stop: async () => {
      const { acknowledged, failures, longestMs } = await writing.stop();
      await client.close();
      return { kept: acknowledged, failures, longestMs };
    },
  };
}
