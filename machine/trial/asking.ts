import { setTimeout as sleep } from 'node:timers/promises';
import { clientOf, get, startWriting } from './clients.ts';
import type { TrialMachine } from './machines.ts';
import { ground } from './pair.ts';

/** One request to a machine, as a client would make it. */
export async function ask(machine: TrialMachine, path = '/health', headers: Record<string, string> = {}) {
  const client = clientOf(ground, machine.address);
  try {
    return await get(ground, client, path, headers);
  } finally {
    await client.close();
  }
}

/** What a machine waits for in vain is waited for one second. */
export async function hurry(machine: TrialMachine, part: string, seconds: string): Promise<void> {
  await machine.root(`sed -i 's/^readonly ${seconds}=.*/readonly ${seconds}=1/' /usr/local/lib/anny/${part}`);
}

/** Some writes, all answered. */
export async function write(machine: TrialMachine, label: string) {
  const writing = startWriting(ground, machine.address, 1, label);
  await sleep(100);
  return writing.stop();
}

/** What was acknowledged and is not there. */
export async function lost(kept: readonly string[], machine: TrialMachine): Promise<readonly string[]> {
  const ledger = new Set((await ask(machine, '/ledger')).text.split('\n'));
  return kept.filter((text) => !ledger.has(text));
}

export async function eventually(check: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await check().catch(() => false))) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${check}`);
    await sleep(200);
  }
}

export const serves = (machine: TrialMachine): Promise<void> =>
  eventually(async () => (await ask(machine)).status === 200);
