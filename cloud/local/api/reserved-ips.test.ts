import { describe, expect, onTestFinished, vi } from 'vitest';
import type { LocalApi } from '../../../test/cloud/local-api.ts';
import { MACHINE, makeMachine, apiTest as test } from '../../../test/cloud/scene.ts';

const WANTED = { region: 'ewr', ip_type: 'v4', label: 'app' };

async function reserve({ ask }: LocalApi, region = 'ewr'): Promise<string> {
  return (await ask('POST', '/reserved-ips', { ...WANTED, region })).text('reserved_ip.id');
}

describe('reserved IPs', () => {
  test('an address moves from one running machine to another', async ({ api }) => {
    const ip = await reserve(api);
    const [blue, green] = [await makeMachine(api), await makeMachine(api)];
    const has = () => [blue, green].map((id) => api.hypervisor.machines.get(id)?.furtherAddresses);
    expect((await api.ask('POST', `/reserved-ips/${ip}/attach`, { instance_id: blue })).status).toBe(204);
    expect(has()).toEqual([['10.77.128.1'], []]);
    expect((await api.ask('GET', `/reserved-ips/${ip}`)).at('reserved_ip.instance_id')).toBe(blue);

    expect((await api.ask('POST', `/reserved-ips/${ip}/detach`)).status).toBe(204);
    expect((await api.ask('POST', `/reserved-ips/${ip}/attach`, { instance_id: green })).status).toBe(204);
    expect(has()).toEqual([[], ['10.77.128.1']]);
  });

  test('the machine keeps its own address, and lists both', async ({ api }) => {
    const [ip, id] = [await reserve(api), await makeMachine(api)];
    await api.ask('POST', `/reserved-ips/${ip}/attach`, { instance_id: id });
    expect((await api.ask('GET', `/instances/${id}`)).at('instance.main_ip')).toBe('10.77.0.10');
    expect((await api.ask('GET', `/instances/${id}/ipv4`)).at('ipv4s')).toEqual([
      { ip: '10.77.0.10', netmask: '255.255.255.0', gateway: '10.77.0.1', type: 'main_ip', reverse: '' },
      { ip: '10.77.128.1', netmask: '255.255.255.255', gateway: '', type: 'secondary_ip', reverse: '' },
    ]);
  });

  test('an address that is in use is neither attached again nor removed', async ({ api }) => {
    const ip = await reserve(api);
    const [blue, green] = [await makeMachine(api), await makeMachine(api)];
    await api.ask('POST', `/reserved-ips/${ip}/attach`, { instance_id: blue });
    expect((await api.ask('POST', `/reserved-ips/${ip}/attach`, { instance_id: green })).status).toBe(400);
    expect((await api.ask('DELETE', `/reserved-ips/${ip}`)).status).toBe(400);
    expect(api.hypervisor.machines.get(green)?.furtherAddresses).toEqual([]);
  });

  test('it goes only to a machine of its region that is there and not locked', async ({ api }) => {
    const ip = await reserve(api);
    const attach = async (id: string) =>
      (await api.ask('POST', `/reserved-ips/${ip}/attach`, { instance_id: id })).status;
    expect(await attach(await makeMachine(api, { region: 'fra' }))).toBe(400);
    expect(await attach('unknown')).toBe(404);
    expect(await attach((await api.ask('POST', '/instances', MACHINE)).text('instance.id'))).toBe(500);
    expect((await api.ask('POST', `/reserved-ips/${ip}/attach`, {})).status).toBe(400);
    expect((await api.ask('POST', `/reserved-ips/${ip}/detach`)).status).toBe(400);
  });

  test('an address that the machine cannot be given stays free', async ({ api }) => {
    const [ip, id] = [await reserve(api), await makeMachine(api)];
    await api.hypervisor.destroy(id);
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    onTestFinished(() => log.mockRestore());
    expect((await api.ask('POST', `/reserved-ips/${ip}/attach`, { instance_id: id })).status).toBe(500);
    expect((await api.ask('GET', `/reserved-ips/${ip}`)).at('reserved_ip.instance_id')).toBe('');
  });

  test('it is free again when its machine is destroyed', async ({ api }) => {
    const [ip, id] = [await reserve(api), await makeMachine(api)];
    await api.ask('POST', `/reserved-ips/${ip}/attach`, { instance_id: id });
    await api.ask('DELETE', `/instances/${id}`);
    expect((await api.ask('GET', `/reserved-ips/${ip}`)).at('reserved_ip.instance_id')).toBe('');
  });

  test('no machine is made with one as its first address, and the first one of a machine can be kept', async ({
    api,
  }) => {
    expect((await api.ask('POST', '/instances', { ...MACHINE, reserved_ipv4: await reserve(api) })).status).toBe(400);
    const id = await makeMachine(api);
    const body = { ip_address: '10.77.0.10', label: 'kept' };
    const kept = await api.ask('POST', '/reserved-ips/convert', body);
    expect(kept.status).toBe(201);
    expect(kept.at('reserved_ip')).toMatchObject({
      subnet: '10.77.0.10',
      instance_id: id,
      label: 'kept',
      region: 'ewr',
    });
    expect((await api.ask('POST', '/reserved-ips/convert', body)).status).toBe(400);
    expect((await api.ask('POST', '/reserved-ips/convert', { ip_address: '10.77.0.99' })).status).toBe(404);
    expect((await api.ask('POST', `/reserved-ips/${kept.text('reserved_ip.id')}/detach`)).status).toBe(400);
    expect((await api.ask('GET', `/instances/${id}/ipv4`)).at('ipv4s')).toHaveLength(1);
  });

  test('no address is given twice, and when none is left the answer says so', async ({ api }) => {
    const [first] = [await reserve(api), await reserve(api)];
    expect((await api.ask('POST', '/reserved-ips', WANTED)).text('error')).toBe('Reserved IP limit reached');
    await api.ask('DELETE', `/reserved-ips/${first}`);
    expect((await api.ask('POST', '/reserved-ips', WANTED)).at('reserved_ip.subnet')).toBe('10.77.128.1');
  });

  test('an address of IPv6 or of no region is refused', async ({ api }) => {
    expect((await api.ask('POST', '/reserved-ips', { ...WANTED, ip_type: 'v6' })).status).toBe(400);
    expect((await api.ask('POST', '/reserved-ips', { ...WANTED, region: 'atlantis' })).status).toBe(400);
  });
});
