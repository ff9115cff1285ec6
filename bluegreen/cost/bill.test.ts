import { describe, expect, test } from 'vitest';
import type { Image } from '../../builder/catalog.ts';
import type { Instance, InstanceId, ReservedIpId, SnapshotId } from '../../cloud/cloud.ts';
import { usd } from '../../cloud/money.ts';
import { pricesOf } from '../../cloud/prices.ts';
import { configSchema } from '../../config/schema.ts';
import { answering, examined, IMAGE, NOW_SECONDS, seen, silent } from '../../test/simulation/example-releases.ts';
import type { Observations } from '../doctor/observations.ts';
import type { Release } from '../release.ts';
import { tagsOf } from '../tags.ts';
import { billOf } from './bill.ts';
import { billText } from './bill-text.ts';
import { addressItems, storageItems } from './kept-items.ts';
import { machineItems } from './machine-items.ts';
import { snapshotItems } from './snapshot-items.ts';

const PLANS = [{ id: 'p', diskGb: 25, ramMb: 1024, vcpus: 1, regions: [], monthlyCost: usd(5), hourlyUsd: 0.007 }];
const PRICES = pricesOf(configSchema.parse({}));
const SETTINGS = { config: configSchema.parse({}), environment: 'test' };
const LONG_AGO = new Date((NOW_SECONDS - 40 * 86_400) * 1000).toISOString();

function inAccount({ instance, tags }: Release): Instance {
  return { ...instance, tags: tagsOf(tags) };
}

function machine(label: string, tags: readonly string[], createdAt = LONG_AGO): Instance {
  const { instance } = answering(9, 'none');
  return { ...instance, id: label as InstanceId, label, tags: ['anny', ...tags], createdAt };
}

function reasons(world: Parameters<typeof seen>[0], besides: Partial<Observations> = {}, more: Instance[] = []) {
  const tagged = [...world.map(inAccount), ...more];
  const items = machineItems(examined(seen(world, '10.0.0.1'), { tagged, ...besides }), PLANS);
  return Object.fromEntries(
    items.map(({ name, why, remove }) => [name, remove === undefined ? why : `${why} → ${remove}`]),
  );
}

describe('a machine is there', () => {
  const relay = (number: number, since: number) =>
    answering(number, 'relay', { relayTo: '10.0.0.1', since }, { stage: 'standby' });
  const writer = answering(1, 'writer', { generation: 9 });

  test('since it is live, is the way back, or its window lasts', () => {
    const why = reasons([writer, relay(4, NOW_SECONDS - 60), relay(2, NOW_SECONDS - 600)]);
    expect(why['blue-1']).toBe('live');
    expect(why['green-4']).toBe('standby: its window lasts another 4 min');
    expect(why['green-2']).toMatch(/^standby, past its window → anny-bluegreen retire green-2$/);
  });

  test('and the newest standby stays the way back, however old', () => {
    expect(reasons([writer, relay(2, 1)])['green-2']).toMatch(/^standby: it is the way back/);
  });

  test('for nothing, when no command works with a candidate', () => {
    const candidate = answering(2, 'candidate', {}, { stage: 'candidate' });
    expect(reasons([writer, candidate])['green-2']).toBe(
      'a candidate that never served → anny-bluegreen retire green-2',
    );
  });

  test('and is never called useless when it cannot be asked', () => {
    expect(reasons([writer, silent(2)])['green-2']).toMatch(/may hold writes that nothing else has$/);
    expect(reasons([silent(2)])['green-2']).not.toContain('→');
    expect(reasons([silent(3), silent(2, { stage: 'candidate' })])['green-2']).toBe('a candidate that never served');
  });

  test('since a bake or a drill left it, in whatever environment a bake was', () => {
    const why = reasons([writer], {}, [
      machine('builder', ['kind=bake', 'env=staging', 'op=a1']),
      machine('fresh', ['kind=boot-test', 'env=test', 'op=b2'], new Date(NOW_SECONDS * 1000).toISOString()),
      machine('kept', ['kind=bake', 'env=test', 'op=d4'], new Date(NOW_SECONDS * 1000).toISOString()),
      machine('drill', ['kind=drill', 'env=test', 'op=c3']),
    ]);
    expect(why.kept).toBe('left for a look: anny-image ssh → anny-image sweep d4');
    expect(why.builder).toBe('a bake left it → anny-image sweep a1');
    expect(why.fresh).toBe('a bake works with it');
    expect(why.drill).toContain('→ anny-bluegreen drill');
  });

  test("of another environment, and only that one's commands say what for", () => {
    const staging = machine('staging-1', ['kind=release', 'env=staging', 'stage=live']);
    expect(reasons([writer], {}, [staging])['staging-1']).toBe('live');
  });
});

describe('the bill', () => {
  const image = (letter: string, more: Partial<Image>): Image => ({
    ...IMAGE,
    ...{ snapshotId: letter as SnapshotId, digest: letter.repeat(64), storedBytes: 2_130_000_000 },
    ...{ createdAt: new Date(NOW_SECONDS * 1000).toISOString(), operation: letter, ...more },
  });

  const world = seen([answering(1, 'writer')], '10.0.0.1');
  const tagged = [
    ...world.answering.map(inAccount),
    machine('staging-1', ['kind=release', 'env=staging', 'stage=live']),
    machine('builder', ['kind=bake', 'env=test', 'op=a1']),
  ];
  const images = [
    image('1', {}),
    ...['2', '3', '4'].map((one) => image(one, { createdAt: LONG_AGO })),
    image('5', { stage: 'candidate', createdAt: LONG_AGO }),
  ];
  const observed = examined(world, { tagged, images });
  const addresses = [
    { id: 'r1' as ReservedIpId, label: 'anny-test', region: 'ewr', address: '192.0.2.9', attachedTo: undefined },
    { id: 'r2' as ReservedIpId, label: 'a website', region: 'ewr', address: '192.0.2.8', attachedTo: undefined },
  ];
  const storages = [{ id: 's1', label: 'anny-staging', region: 'ewr', host: 'ewr1.vultrobjects.com' }];
  const items = [
    ...machineItems(observed, PLANS),
    ...addressItems(SETTINGS, addresses, tagged, PRICES),
    ...storageItems(SETTINGS, storages, PRICES),
    ...snapshotItems(observed, PRICES),
  ];
  const bill = billOf('test', items, { pending: usd(12.345) });

  test('keeps environments apart, and adds up exactly', () => {
    expect(bill.monthlyUsd).toEqual({
      ...{ own: 5 + 5 + 3, shared: 0.535, total: 13.535 },
      others: { staging: 23 },
      removable: 5 + 2 * 0.107,
    });
  });

  test('says of an image what prune says: the newest of another environment stay, machine or none', () => {
    const [, , , fourth] = images;
    const whose = new Map(images.map(({ snapshotId }) => [snapshotId, 'test']));
    if (fourth !== undefined) whose.set(fourth.snapshotId, 'staging');
    const of = (seen: typeof observed) => snapshotItems(seen, PRICES).find(({ id }) => id === fourth?.snapshotId);
    expect(of(observed)).toMatchObject({ why: 'nothing needs it', remove: 'anny-image prune' });
    const stays = { why: expect.stringContaining('the newest anny for staging'), remove: undefined };
    expect(of({ ...observed, whose })).toMatchObject(stays);
  });

  test('names what nothing needs with the command that takes it away', () => {
    const removed = bill.items.filter(({ remove }) => remove !== null).map(({ remove }) => remove);
    expect(removed).toEqual(['anny-image sweep a1', 'anny-image prune', 'anny-image sweep 5']);
  });

  test("says of a storage that backups go there only where its host is no other storage's too", () => {
    const host = 'ewr1.vultrobjects.com';
    const settings = { ...SETTINGS, config: structuredClone(SETTINGS.config) };
    settings.config.backup.repository = `s3:https://${host}/bucket`;
    const mine = { id: 's1', label: 'kept by hand', region: 'ewr', host };
    const own = { ...mine, id: 's2', label: 'anny-test' };
    expect(storageItems(settings, [mine], PRICES)).toMatchObject([{ id: 's1', why: 'backups go there' }]);
    expect(storageItems(settings, [mine, own], PRICES)).toMatchObject([{ id: 's2', why: 'kept by the foundation' }]);
  });

  test('says what the key may not see', () => {
    const text = billText(billOf('test', items, { hidden: ['object storage'] }), 60);
    expect(text).toContain('?  object storage: not visible to this key, in no total');
  });

  test('leaves out what is not of Anny', () => {
    expect(bill.items.map(({ id }) => id)).not.toContain('r2');
  });

  test('shows each thing, why, and the totals, on a narrow screen too', () => {
    const text = billText(bill, 60);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(74);
    expect(text).toContain('$13.535  a month for test and the images');
    expect(text).toContain('$5.214  a month of that is for what nothing needs');
    expect(text).toContain('staging, another environment: not in the total');
    expect(text).toContain('$12.345  so far this month');
  });

  test('says of what it does not know the price', () => {
    const unknown = billOf('test', machineItems(observed, []));
    expect(unknown).toMatchObject({ unpriced: 3, pendingChargesUsd: null, monthlyUsd: { total: 0 } });
    expect(billText(unknown, 80)).toContain('3 without a known price: in no total');
  });
});
