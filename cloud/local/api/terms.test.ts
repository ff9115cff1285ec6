import { describe, expect } from 'vitest';
import { MACHINE, makeMachine, apiTest as test } from '../../../test/cloud/scene.ts';

describe('the terms of an account', () => {
  test('keep its key to the addresses of its access list', async ({ api }) => {
    await api.admin('PUT', '/terms', { access_list: ['198.51.100.7'] });
    const refused = await api.ask('GET', '/account');
    expect([refused.status, refused.at('error')]).toEqual([401, 'Unauthorized IP address: 127.0.0.1']);
    expect((await api.ask('GET', '/plans')).status).toBe(200);
    await api.admin('PUT', '/terms', { access_list: ['127.0.0.1'] });
    expect((await api.ask('GET', '/account')).status).toBe(200);
  });

  test('limit its machines', async ({ api }) => {
    await api.admin('PUT', '/terms', { instance_limit: 1 });
    const id = await makeMachine(api);
    const refused = await api.ask('POST', '/instances', MACHINE);
    expect([refused.status, refused.at('error')]).toEqual([400, expect.stringContaining('maximum number of active')]);
    await api.ask('DELETE', `/instances/${id}`);
    expect((await api.ask('POST', '/instances', MACHINE)).status).toBe(202);
  });

  test('take a plan out of one region', async ({ api }) => {
    await api.admin('PUT', '/terms', { sold_out: [{ region: 'ewr', plan: MACHINE.plan }] });
    const plans = async (region: string) =>
      (await api.ask('GET', `/regions/${region}/availability`)).at('available_plans');
    expect(await plans('ewr')).not.toContain(MACHINE.plan);
    expect(await plans('ams')).toContain(MACHINE.plan);
    expect((await api.ask('POST', '/instances', MACHINE)).status).toBe(400);
    expect((await api.ask('POST', '/instances', { ...MACHINE, region: 'ams' })).status).toBe(202);
  });

  test('outlive the API', async ({ api }) => {
    await api.admin('PUT', '/terms', { instance_limit: 3 });
    const again = await api.restart();
    expect((await again.admin('GET', '/terms')).at('instance_limit')).toBe(3);
    await again.close();
  });

  test('are refused when they are none', async ({ api }) => {
    expect((await api.admin('PUT', '/terms', { instance_limit: -1 })).status).toBe(400);
  });
});
