import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { lookupOf } from '../../demo/outside.ts';
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
  const begunAt = Date.now();
  const kept: string[] = [];
  const failures: string[] = [];
  let longestMs = 0;
  let running = true;
  const write = async (number: number): Promise<void> => {
    for (let count = 0; running; count += 1) {
      const text = `${label}-${address}-${begunAt}-${number}-${count}`;
      const begun = performance.now();
      try {
        const { statusCode, body } = await request(`https://${ground.settings.publicName}/`, {
          method: 'POST',
          body: text,
          dispatcher: client,
        });
        const said = await body.text();
        if (statusCode === 200) kept.push(text);
        else failures.push(`${statusCode} ${said.slice(0, 100)}`);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
        await sleep(20);
      }
      longestMs = Math.max(longestMs, performance.now() - begun);
    }
  };
  const all = Array.from({ length: clients }, (_, number) => write(number));
  return {
    stop: async () => {
      running = false;
      await Promise.all(all);
      await client.close();
      return { kept, failures, longestMs };
    },
  };
}
