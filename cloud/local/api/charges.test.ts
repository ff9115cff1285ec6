import { expect } from 'vitest';
import { apiTest, makeMachine, makeSnapshot } from '../../../test/cloud/scene.ts';

const HOUR_MS = 3_600_000;

apiTest(
  'the account says what its machines have cost this month, by the hours that have begun',
  async ({ api, clock }) => {
    const pending = async () => (await api.ask('GET', '/account')).at('account.pending_charges');
    expect(await pending()).toBe(0);
    await makeMachine(api);
    await makeMachine(api, { plan: 'vc2-1c-2gb' });
    expect(await pending()).toBe(0.007 + 0.014);
    clock.pass(HOUR_MS);
    expect(await pending()).toBe(0.042);
    clock.pass(30 * 24 * HOUR_MS);
    expect(await pending()).toBeLessThanOrEqual(15);
  },
);

apiTest('what is kept of a snapshot is charged by size and time', async ({ api, clock }) => {
  const machine = await makeMachine(api);
  const snapshot = await makeSnapshot(api, machine);
  const bytes = Number((await api.ask('GET', `/snapshots/${snapshot}`)).at('snapshot.compressed_size'));
  await api.ask('DELETE', `/instances/${machine}`);
  clock.pass(365 * HOUR_MS);
  const { pending_charges: charged } = (await api.ask('GET', '/account')).at('account') as { pending_charges: number };
  expect(charged).toBeCloseTo((bytes / 1e9) * 0.05 * 0.5, 2);
});
