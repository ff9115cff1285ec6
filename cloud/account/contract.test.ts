import { describe, expect } from 'vitest';
import { NEW_MACHINE, pageOf, scripted, accountTest as test } from '../../test/cloud/account-scene.ts';
import { fastClock } from '../../test/cloud/clocks.ts';
import { openContract } from '../../test/cloud/contract.ts';
import { exampleOf2026, FACTS, readDescription } from '../../test/cloud/description.ts';
import { until } from '../../test/cloud/until.ts';
import type { Cloud, FirewallGroupId } from '../cloud.ts';

const description = readDescription();
const reason = description === undefined ? ` (skipped: no Vultr API description in ${FACTS}; set ANNY_FACTS)` : '';

describe.skipIf(description === undefined)(`the client against Vultr's description${reason}`, () => {
  test('everything that it sends is described, member by member', async ({ cloud, api, wire }) => {
    if (description === undefined) throw new Error('no description');
    const contract = openContract(description);
    const group = (await api.ask('POST', '/firewalls', { description: 'web' })).text('firewall_group.id');
    await api.ask('POST', '/domains', { domain: 'anny.test' });
    await api.ask('POST', '/reserved-ips', { region: NEW_MACHINE.region, ip_type: 'v4', label: 'app' });
    wire.seen.length = 0;
    const used = await useEverything(cloud, group);

    expect(Object.keys(cloud).filter((method) => !used.has(method))).toEqual([]);
    expect(wire.seen.length).toBeGreaterThan(used.size);
    expect(wire.seen.flatMap((one) => contract.request(one))).toEqual([]);
    expect(wire.seen.filter(({ status }) => status >= 400 && status < 500)).toEqual([]);
  });

  test.for([
    ['/account', (cloud: Cloud) => cloud.account()],
    ['/plans', (cloud: Cloud) => cloud.plans()],
    ['/instances', (cloud: Cloud) => cloud.instances()],
    ['/snapshots', (cloud: Cloud) => cloud.snapshots()],
    ['/ssh-keys', (cloud: Cloud) => cloud.sshKeys()],
    ['/firewalls', (cloud: Cloud) => cloud.firewallGroups()],
    ['/reserved-ips', (cloud: Cloud) => cloud.reservedIps()],
    ['/domains/example.com/records', (cloud: Cloud) => cloud.records('example.com')],
  ] as const)("it reads the description's own example of %s", async ([path, ask]) => {
    const content = description?.find('GET', path)?.operation.responses['200']?.content;
    const examples = Object.values(content?.['application/json'].examples ?? {});
    expect(examples).not.toEqual([]);
    for (const { value } of examples) {
      const first: object = JSON.parse(JSON.stringify(value).replaceAll(/"next":"[^"]*"/g, '"next":""'));
      const { cloud, server } = await scripted(fastClock(), { status: 200, body: first });
      await expect(ask(cloud)).resolves.not.toEqual([]);
      await server.close();
    }
  });

  test('it reads a fresh machine as the API of 2026 shows it', async () => {
    const { cloud, server } = await scripted(fastClock(), { status: 202, body: exampleOf2026() });
    expect(await cloud.createInstance(NEW_MACHINE)).toMatchObject({
      status: 'pending',
      address: undefined,
      tags: ['a tag', 'another'],
    });
    await server.close();
  });

  test('it reads an empty account', async () => {
    const { cloud, server } = await scripted(fastClock(), pageOf('instances', []), pageOf('snapshots', []));
    expect([await cloud.instances(), await cloud.snapshots()]).toEqual([[], []]);
    await server.close();
  });
});

/** Calls every method of the port, and returns their names. */
async function useEverything(cloud: Cloud, group: string): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  const told = new Proxy(cloud, {
    get: (target, name, receiver) => {
      used.add(String(name));
      return Reflect.get(target, name, receiver);
    },
  });
  await told.account();
  await told.plans();
  await told.createSshKey('ops', 'ssh-ed25519 AAAA ops');
  const sshKeyIds = (await told.sshKeys()).map(({ id }) => id);
  const firewallGroupId = (await told.firewallGroups()).map(({ id }) => id)[0] ?? missing(group);
  const { id } = await told.createInstance({ ...NEW_MACHINE, sshKeyIds, firewallGroupId });
  await until(async () => (await told.instance(id))?.serverStatus === 'ok');
  await told.tagInstance(id, ['anny', 'stage=live']);
  await told.clearUserData(id);
  const [reservedIp] = await told.reservedIps();
  if (reservedIp === undefined) throw new Error('the reserved IP is not listed');
  await told.attachReservedIp(reservedIp.id, id);
  expect(await told.reservedIps()).toEqual([{ ...reservedIp, attachedTo: id }]);
  await told.detachReservedIp(reservedIp.id);
  expect(await told.reservedIps()).toEqual([reservedIp]);
  await told.halt(id);
  await told.start(id);
  const snapshot = await told.createSnapshot(id, 'anny image=app');
  await until(async () => (await told.snapshot(snapshot))?.status === 'complete');
  await told.describeSnapshot(snapshot, 'anny image=app stage=tested');
  await told.snapshots();
  const from = { snapshotId: snapshot };
  const copy = await told.createInstance({ ...NEW_MACHINE, label: 'copy', from, sshKeyIds });
  await told.destroyInstance(id);
  await told.destroyInstance(copy.id);
  await told.instances();
  await told.deleteSnapshot(snapshot);
  const note = await told.createNote('a note', 'héllo');
  expect(await told.writeNote(note, 'another text')).toBe(true);
  expect(await told.notes('a ')).toEqual([{ id: note, name: 'a note', text: 'another text' }]);
  await told.deleteNote(note);
  const record = { type: 'A', name: 'app', data: '192.0.2.1', ttlSeconds: 60 };
  const made = await told.createRecord('anny.test', record);
  await told.pointRecord('anny.test', made, '192.0.2.2');
  await told.setRecordTtl('anny.test', made, 120);
  await told.records('anny.test');
  return used;
}

function missing(group: string): FirewallGroupId {
  throw new Error(`the firewall group ${group} is not listed`);
}
