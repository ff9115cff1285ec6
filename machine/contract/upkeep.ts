import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { ask, lost } from '../trial/asking.ts';
import { startWriting } from '../trial/clients.ts';
import { begin, blue, green, ground, secrets } from '../trial/pair.ts';

const withKey = (key: string): Record<string, string> => ({ ...secrets(), '.env': `LEDGER_KEY=${key}` });
const keyInUse = (): Promise<string> => blue.root('docker exec ledger printenv LEDGER_KEY');
const startedAt = async (): Promise<number> => JSON.parse((await ask(blue)).text).startedAt;

/** Clients write meanwhile; none of them fails, and nothing that they were promised is missing. */
async function whileWriting<T>(happen: () => Promise<T>): Promise<T> {
  const writing = startWriting(ground, blue.address, 10, 'upkeep');
  await sleep(300);
  const result = await happen().finally(() => sleep(300));
  const { kept, failures, longestMs } = await writing.stop();
  console.info(`10 clients: ${kept.length} writes, ${failures.length} failures, longest ${Math.round(longestMs)} ms`);
  expect(failures).toEqual([]);
  expect(kept.length).toBeGreaterThan(10);
  expect(await lost(kept, blue)).toEqual([]);
  return result;
}

export function upkeepContract(): void {
  describe('the upkeep of a live machine', () => {
    beforeAll(begin);

    it('restarts the app while requests wait', async () => {
      const before = await startedAt();
      expect(await whileWriting(() => blue.box.restart())).toMatchObject({ healthy: true, status: 200 });
      expect(await startedAt()).toBeGreaterThan(before);
      expect(await blue.box.status()).toMatchObject({ role: 'writer', held: false });
    });

    it('says what other secrets would change, by name alone, and changes nothing', async () => {
      const changes = await blue.box.compareSecrets({ ...withKey('new-key-1'), 'secrets/a.json': 'hush-hush' });
      expect(changes).toEqual([
        { name: 'LEDGER_KEY', change: 'changed' },
        { name: 'secrets/a.json', change: 'added' },
      ]);
      expect(await blue.box.compareSecrets({})).toEqual([
        { name: 'LEDGER_KEY', change: 'removed' },
        { name: 'ca.crt', change: 'removed' },
      ]);
      expect(await keyInUse()).not.toBe('new-key-1');
    });

    it('gives the app other secrets while requests wait, and does not again what is done', async () => {
      const pushed = await whileWriting(() => blue.box.useSecrets(withKey('new-key-1')));
      expect(pushed).toEqual({ changes: [{ name: 'LEDGER_KEY', change: 'changed' }], restarted: true });
      expect(await keyInUse()).toBe('new-key-1');
      const before = await startedAt();
      expect(await blue.box.useSecrets(withKey('new-key-1'))).toEqual({ changes: [], restarted: false });
      const hook = { ...withKey('new-key-1'), 'alert-webhook': 'https://hooks.test/x' };
      expect(await blue.box.useSecrets(hook)).toMatchObject({ restarted: false });
      expect(await startedAt()).toBe(before);
    });

    it('puts the former secrets back when the app is not healthy with the new ones; requests wait for that too', async () => {
      await whileWriting(async () => {
        await expect(blue.box.useSecrets(withKey('broken'))).rejects.toThrow(
          /not healthy with the new secrets: no answer; it serves with the former ones again; the app wrote: LEDGER_KEY is no key/,
        );
      });
      expect(await keyInUse()).toBe('new-key-1');
      expect(await blue.root('cat /opt/anny/.env')).toBe('LEDGER_KEY=new-key-1');
      // Neither the keys nor what the app said of them is in what the machine writes down.
      await blue.root(
        '! journalctl | grep -E "new-key-1|is no key"; ! grep -rqs new-key-1 /run/anny /var/log /var/lib/anny',
      );
    });

    it('is refused during a handover, and on a machine that is not live', async () => {
      await blue.box.hold(20_000);
      await expect(blue.box.restart()).rejects.toThrow('a handover is under way');
      await expect(blue.box.useSecrets(secrets())).rejects.toThrow('a handover is under way');
      await blue.box.resume();
      await expect(green.box.restart()).rejects.toThrow('restart is for: writer');
    });

    it('shows what runs, in one answer', async () => {
      const { container, nginx, services, timers } = await blue.box.ps();
      expect(container).toMatchObject({ name: 'ledger', state: 'running', restarts: 0 });
      expect(container?.memoryBytes).toBeGreaterThan(1_000_000);
      expect(nginx).toMatchObject({ configuration: 'ok' });
      const states = Object.fromEntries(services.map(({ name, state }) => [name, state]));
      expect(states).toMatchObject({
        'docker.service': 'active',
        'nginx.service': 'active',
        'anny-app.service': 'active',
      });
      const planned = Object.fromEntries(timers.map(({ name, nextAt }) => [name, nextAt > 0]));
      expect(planned).toMatchObject({
        'anny-backup.timer': true,
        'anny-monitor.timer': true,
        'anny-certificate.timer': true,
      });
      expect((await green.box.ps()).container).toBeNull();
    });
  });
}
