#!/usr/bin/env node
import { readdir, rm } from 'node:fs/promises';
import { openMemory } from './memory/open.ts';

/** Run in a copy of the state, by `anny-bluegreen backup export`: leaves memory.json alone, with all that the journals hold. */
async function foldAll(directory: string): Promise<void> {
  const warn = (message: string): boolean => process.stderr.write(`${message}\n`);
  const memory = await openMemory({ directory, now: () => new Date(), warn });
  const { state, reason } = memory.condition;
  if (state !== 'ok') throw new Error(reason);
  await memory.close();
  // What nobody got an answer for.
  const tails = (await readdir(directory)).filter((name) => name.startsWith('memory.tail.'));
  for (const name of tails) await rm(name);
}

await foldAll(process.cwd()).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
