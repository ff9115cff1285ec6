import { describe, expect, onTestFinished } from 'vitest';
import type { HandClock } from '../../../test/cloud/clocks.ts';
import type { LocalApi } from '../../../test/cloud/local-api.ts';
import { closeWith, MACHINE, makeMachine, makeSnapshot, apiTest as test } from '../../../test/cloud/scene.ts';
import { until } from '../../../test/cloud/until.ts';

async function restarted(api: LocalApi, clock: HandClock): Promise<LocalApi> {
  const next = await api.restart();
  onTestFinished(() => closeWith(clock, next));
  return next;
}

describe('the API after a restart', () => {
  test('the account holds what it held, of every kind', async ({ api, clock }) => {
    const { ask } = api;
    const machine = await makeMachine(api, { tags: ['anny'] });
    await makeSnapshot(api, machine, 'one');
    await ask('POST', '/ssh-keys', { name: 'ops', ssh_key: 'ssh-ed25519 AAAA' });
    await ask('POST', '/domains', { domain: 'anny.test', ip: '192.0.2.1' });
    await ask('POST', '/firewalls', { description: 'web' });
    await ask('POST', '/reserved-ips', { region: 'ewr', ip_type: 'v4' });
    const lists = [
      'instances',
      'snapshots',
      'ssh-keys',
      'domains',
      'domains/anny.test/records',
      'firewalls',
      'reserved-ips',
    ];
    const everything = (one: LocalApi) =>
      Promise.all(lists.map(async (list) => (await one.ask('GET', `/${list}`)).json));
    clock.pass(10_000);
    const before = await everything(api);
    expect(await everything(await restarted(api, clock))).toEqual(before);
  });

  test('running machines are run on, and halted ones stay so', async ({ api, clock }) => {
    const [running, halted] = [await makeMachine(api), await makeMachine(api)];
    await api.ask('POST', `/instances/${halted}/halt`);
    const next = await restarted(api, clock);
    expect((await next.ask('GET', `/instances/${running}`)).at('instance')).toMatchObject({
      power_status: 'running',
      main_ip: '10.77.0.10',
    });
    expect((await next.ask('GET', `/instances/${halted}`)).at('instance.power_status')).toBe('stopped');
    expect(next.hypervisor.machines.get(running)?.boots).toBe(1);
    expect((await next.ask('POST', `/instances/${running}/halt`)).status).toBe(204);
  });

  test('a machine that was booting is ok, and one that never boots still does not', async ({ api, clock }) => {
    const booting = await makeMachine(api);
    await api.plan({ kind: 'never-boots' });
    const dead = await makeMachine(api);
    const next = await restarted(api, clock);
    const status = async (id: string) => (await next.ask('GET', `/instances/${id}`)).at('instance.server_status');
    expect([await status(booting), await status(dead)]).toEqual(['ok', 'installingbooting']);
  });

  test('a machine and a snapshot that were half made when the process died are made', async ({ api, clock }) => {
    const machine = await makeMachine(api);
    const spec = api.hypervisor.machines.get(machine)?.spec;
    api.hypervisor.gate.close();
    const snapshot = await api.ask('POST', '/snapshots', { instance_id: machine, description: 'half' });
    const half = (await api.ask('POST', '/instances', { ...MACHINE, label: 'half' })).text('instance.id');
    if (spec === undefined) throw new Error('no machine');
    const crashed = await api.crash(async (hypervisor) => void (await hypervisor.create({ ...spec, id: half })));
    onTestFinished(() => closeWith(clock, crashed));
    await until(async () => (await crashed.ask('GET', '/snapshots')).at('snapshots.0.status') === 'complete');
    await until(async () => (await crashed.ask('GET', '/instances?label=half')).at('instances.0.status') === 'active');
    expect(crashed.hypervisor.machines.size).toBe(2);
    expect([...crashed.hypervisor.snapshots]).toEqual([snapshot.text('snapshot.id')]);
  });

  test('a machine whose destruction the process did not live to see is taken away', async ({ api, clock }) => {
    const machine = await makeMachine(api);
    const spec = api.hypervisor.machines.get(machine)?.spec;
    if (spec === undefined) throw new Error('no machine');
    const crashed = await api.crash(async (hypervisor) => void (await hypervisor.create({ ...spec, id: 'destroyed' })));
    onTestFinished(() => closeWith(clock, crashed));
    const there = () => [...crashed.hypervisor.machines.keys()];
    // The other one may be made anew: its account did not hold yet that it was active.
    await until(async () => (await crashed.ask('GET', '/instances')).status === 200 && there().join() === machine);
  });
});
