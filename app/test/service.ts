import { onTestFinished } from 'vitest';
import type { Limits, Memory } from '../memory/memory.ts';
import { openMemory } from '../memory/open.ts';
import { createServer } from '../server.ts';
import { serve } from '../service.ts';
import { stop } from '../stop.ts';
import { type Ask, clientOf, KEY } from './client.ts';
import { newDirectory } from './directory.ts';

export interface TestOptions {
  readonly directory?: string;
  readonly apiKeys?: readonly string[];
  readonly rateLimit?: number;
  readonly nowMs?: () => number;
  readonly trustedProxies?: readonly string[];
  readonly limits?: Partial<Limits>;
  readonly finishMs?: number;
}

export interface TestService {
  readonly ask: Ask;
  readonly port: number;
  readonly directory: string;
  readonly memory: Memory;
  /** What the memory warned of. */
  readonly warnings: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Anny in this process, on a real port and in a real directory. */
export async function startService(options: TestOptions = {}): Promise<TestService> {
  const directory = options.directory ?? (await newDirectory());
  const warnings: string[] = [];
  const warn = (text: string) => warnings.push(text);
  const memory = await openMemory({ directory, now: () => new Date(), warn, limits: options.limits ?? {} });
  const app = createServer({
    logLevel: 'silent',
    trustedProxies: options.trustedProxies ?? [],
    ...(options.finishMs === undefined ? {} : { finishMs: options.finishMs }),
  });
  await serve(app, {
    memory,
    apiKeys: options.apiKeys ?? [KEY],
    rateLimit: options.rateLimit ?? 0,
    nowMs: options.nowMs ?? (() => performance.now()),
    version: '1.2.3',
    imageDigest: 'sha256:abc',
    hasServiceAccount: false,
    greeting: 'Hello.',
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  let stopped: Promise<void> | undefined;
  const stopOnce = (): Promise<void> => {
    stopped ??= stop(app, memory);
    return stopped;
  };
  onTestFinished(stopOnce);
  return { ask: clientOf(url), port: Number(new URL(url).port), directory, memory, warnings, stop: stopOnce };
}
