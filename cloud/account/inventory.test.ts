import { describe, expect, onTestFinished, test } from 'vitest';
import { accountTest } from '../../test/cloud/account-scene.ts';
import { fastClock } from '../../test/cloud/clocks.ts';
import { readDescription } from '../../test/cloud/description.ts';
import { API_KEY } from '../../test/cloud/local-api.ts';
import { type Reply, scriptedServer } from '../../test/cloud/scripted-server.ts';
import type { Inventory } from '../inventory.ts';
import { openInventory } from './inventory.ts';

async function answered(...replies: Reply[]): Promise<Inventory> {
  const server = await scriptedServer(...replies);
  onTestFinished(server.close);
  return openInventory({ apiUrl: server.apiUrl, apiKey: API_KEY, clock: fastClock() });
}

describe('what else an account has', () => {
  accountTest('is read from an account that really has it', async ({ api, clock }) => {
    const inventory = openInventory({ apiUrl: api.apiUrl, apiKey: API_KEY, clock });
    expect(await inventory.objectStorages()).toEqual([]);
    expect(await inventory.hasZone('example.com')).toBe(false);
    await api.ask('POST', '/domains', { domain: 'example.com' });
    expect(await inventory.hasZone('example.com')).toBe(true);
    expect(await inventory.availablePlans('ewr')).toContain('vc2-1c-1gb');
    expect(await inventory.availablePlans('moon')).toBeUndefined();
  });

  test.for([
    ['/object-storage', (one: Inventory) => one.objectStorages()],
    ['/regions/ewr/availability', (one: Inventory) => one.availablePlans('ewr')],
    ['/domains/example.com', (one: Inventory) => one.hasZone('example.com')],
  ] as const)("is read from the description's own example of %s", async ([path, ask], { skip }) => {
    const description = readDescription();
    if (description === undefined) return skip('no description of the API is at hand');
    const content = description.find('GET', path)?.operation.responses['200']?.content;
    const examples = Object.values(content?.['application/json'].examples ?? {});
    expect(examples).not.toEqual([]);
    for (const { value } of examples) {
      const body: object = JSON.parse(JSON.stringify(value).replaceAll(/"next":"[^"]*"/g, '"next":""'));
      expect(await ask(await answered({ status: 200, body }))).toBeTruthy();
    }
  });

  test('does not fail for a key that may not see object storages, and does for one that is refused elsewhere', async () => {
    const refused = { status: 403, body: { error: 'Forbidden', status: 403 } };
    expect(await (await answered(refused)).objectStorages()).toBeUndefined();
    await expect((await answered(refused)).hasZone('example.com')).rejects.toMatchObject({ code: 'API_UNAUTHORIZED' });
  });
});
