import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { run } from './programs.ts';

export interface Watched {
  /** What each look said: "up", "down" or "unknown". */
  readonly states: readonly string[];
  /** What the webhook was told. */
  readonly alerts: readonly string[];
}

/** `anny-bluegreen monitor` beside what else happens, once a second, with a webhook that listens. */
export async function watchFromOutside(directory: string): Promise<{ stop(): Promise<Watched> }> {
  const alerts: string[] = [];
  const hook = createServer(async (request, response) => {
    alerts.push(await text(request));
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => hook.once('listening', resolve));
  const { port } = hook.address() as AddressInfo;
  const over = new AbortController();
  const watching = run(directory, 'anny-bluegreen', ['monitor', '--json'], {
    env: { ANNY_MONITOR_INTERVAL: '1s', ALERT_WEBHOOK_URL: `http://127.0.0.1:${port}/hook` },
    stop: over.signal,
  });
  return {
    stop: async () => {
      over.abort();
      const { stdout } = await watching;
      hook.close();
      const looks = stdout.split('\n').filter((line) => line !== '');
      return { states: looks.map((line) => JSON.parse(line).state), alerts };
    },
  };
}
