import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { localProxies } from './local-proxy.ts';
import { codeOf } from './memory/disk.ts';
import type { Memory } from './memory/memory.ts';
import { openMemory } from './memory/open.ts';
import { createServer } from './server.ts';
import { serve } from './service.ts';
import { readServiceAccount } from './service-account.ts';
import { readSettings } from './settings.ts';
import { StartProblem } from './start-problem.ts';
import { stop } from './stop.ts';

// Asked for before anything else, so that a stop during the start is heard too. A second signal changes nothing.
const stopAsked = new Promise<string>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve(signal));
});

async function start(): Promise<{ app: FastifyInstance; memory: Memory }> {
  const settings = readSettings(process.env);
  const serviceAccount = readServiceAccount(settings.serviceAccountPath);
  const app = createServer({ logLevel: settings.logLevel, trustedProxies: localProxies() });
  const memory = await openMemory({
    directory: settings.stateDirectory,
    now: () => new Date(),
    warn: (message) => app.log.warn(message),
  });
  if (memory.condition.state !== 'ok') app.log.error({ reason: memory.condition.reason }, 'memory not opened');
  await serve(app, {
    ...settings,
    memory,
    version: version(),
    hasServiceAccount: serviceAccount !== undefined,
    nowMs: () => performance.now(),
  });
  await app.listen({ host: settings.host, port: settings.port }).catch((error: unknown) => {
    const where = `${settings.host}:${settings.port}`;
    throw new StartProblem(`It cannot listen on ${where}: ${codeOf(error)}.`, { cause: error });
  });
  app.log.info({ entries: memory.count, startMs: Math.round(performance.now()) }, 'Anny serves');
  return { app, memory };
}

function version(): string {
  const text = readFileSync(join(import.meta.dirname, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

try {
  const { app, memory } = await start();
  app.log.info({ signal: await stopAsked }, 'stopping');
  await stop(app, memory);
  app.log.info('stopped');
  process.exit(0);
} catch (error) {
  if (!(error instanceof StartProblem)) throw error;
  process.stderr.write(`Anny does not start. ${error.message}\n`);
  process.exitCode = 1;
}
