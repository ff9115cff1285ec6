import { z } from 'zod';
import type { Stage } from '../demo/stage.ts';

/** More than the load asks for while a machine stops. */
const LINES = 2_000;
const logsSchema = z.object({ text: z.string() });
const lineSchema = z.object({ time: z.number(), msg: z.string(), path: z.string().optional() });

/**
 * When a release gave its last answer itself, in milliseconds since the epoch, from its app's own log: whoever asked, and
 * by whatever address. The local cloud's machines have this computer's clock.
 */
export async function lastAnswerOf(stage: Stage, release: string): Promise<number> {
  const { text } = logsSchema.parse(JSON.parse(await stage.bluegreen('logs', release, '-n', String(LINES), '--json')));
  const answers = text.split('\n').flatMap((line) => {
    const said = line.startsWith('{') ? lineSchema.parse(JSON.parse(line)) : undefined;
    // Its own machine asks for its health.
    return said?.msg === 'request' && said.path !== '/health' ? [said.time] : [];
  });
  const last = Math.max(...answers);
  if (!Number.isFinite(last)) throw new Error(`the log of ${release} has no request among its last ${LINES} lines`);
  return last;
}

/** The release that serves, by the account's tags. */
export async function liveRelease({ account }: Stage): Promise<string> {
  const live = (await account.instances()).filter(({ tags }) => tags.includes('stage=live'));
  const release = live[0]?.tags.find((tag) => tag.startsWith('release='))?.slice('release='.length);
  if (live.length !== 1 || release === undefined) throw new Error(`${live.length} machines are live`);
  return release;
}
