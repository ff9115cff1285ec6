import { readFile, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Clock } from './clock.ts';
import { waitFor } from './wait.ts';

const recordSchema = z.object({ pid: z.int(), startedAt: z.string() });
const END_TIMEOUT_MS = 60_000;

/** Writes down a process that we started, so that it, and no other with its id, can be ended later. */
export async function recordProcess(path: string, pid: number): Promise<void> {
  await writeFile(path, JSON.stringify({ pid, startedAt: await startTime(pid) }), { mode: 0o600 });
}

/** The recorded process's id while it lives. */
export async function recordedProcess(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = recordSchema.safeParse(asJson(text));
  if (!parsed.success) return undefined;
  const { pid, startedAt } = parsed.data;
  return startedAt !== '' && (await startTime(pid)) === startedAt ? pid : undefined;
}

/** Ends the recorded process in good order and waits for its end. True when there was one. */
export async function endRecorded(path: string, clock: Clock): Promise<boolean> {
  const pid = await recordedProcess(path);
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM');
    await waitFor(
      clock,
      { what: `process ${pid} to end`, timeoutMs: END_TIMEOUT_MS, intervalMs: 100, next: `look at it: ps ${pid}` },
      async () => ((await recordedProcess(path)) === undefined ? { done: true } : { not: 'it still runs' }),
    );
  }
  await rm(path, { force: true });
  return pid !== undefined;
}

/** Field 22 of /proc/PID/stat: with it a process id is never mistaken for a later one. "" when there is none. */
export async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
