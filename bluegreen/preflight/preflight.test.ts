import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { firstLook } from '../../cloud/account/first-look.ts';
import { systemClock } from '../../operation/system-clock.ts';
import { makeMachine } from '../../test/cloud/scene.ts';
import {
  addImage,
  DOMAIN,
  KEY,
  OTHER_KEY,
  type Scene,
  stateOf,
  preflightTest as test,
  wrong,
} from '../../test/preflight-scene.ts';
import type { Ground } from './ground.ts';
import { preflightText } from './preflight-text.ts';

const DAY_MS = 86_400_000;

describe('preflight', () => {
  test('finds nothing wrong where nothing is, and says what it saw', async ({ scene }) => {
    const results = await scene.look({ hasProgram: async (name) => name !== 'docker' });
    expect(wrong(results)).toEqual({});
    expect(results.map(({ name }) => name)).toEqual([
      ...['account', 'clock', 'quota', 'plan', 'image', 'private key', 'SSH key', 'zone', 'delegation', 'firewall'],
      ...['issuer', 'backups', 'backup place', 'secrets', '.env', 'programs', 'own programs'],
    ]);
    expect(stateOf(results, 'plan')).toBe('ok ewr has vc2-1c-2gb: 55 GB disk, $10.00 a month');
    expect(stateOf(results, 'programs')).toContain('no docker');
  });

  test('looks for the reserved IP where traffic is to come by one, and says which key makes it', async ({ scene }) => {
    const byReservedIp = { deploy: { switch: 'reserved_ip' } };
    const missing = wrong(await scene.look({}, byReservedIp))['reserved IP'];
    expect(missing).toMatch(/^blocks .*the account has none in ewr .*infra\.foundation\.reserved_ip .*anny-infra up/);
    await scene.api.ask('POST', '/reserved-ips', { region: 'ewr', ip_type: 'v4', label: 'anny-production' });
    const found = stateOf(await scene.look({}, byReservedIp), 'reserved IP');
    expect(found).toBe('ok 10.77.128.1 in ewr, attached to nothing yet');
  });

  test('reports everything at once, with a fix for each', async ({ scene }) => {
    await scene.api.admin('PUT', '/terms', { instance_limit: 1, sold_out: [{ region: 'ewr', plan: 'vc2-1c-2gb' }] });
    await scene.api.ask('DELETE', `/domains/${DOMAIN}`);
    await chmod(join(scene.directory, '.env'), 0o644);
    await scene.write('key', OTHER_KEY.privateKey);
    const results = await scene.look(
      { hasProgram: async () => false },
      { infra: { vultr_plan: 'vc2-1c-2gb', instance_limit: 1 } },
    );
    expect(Object.keys(wrong(results))).toEqual(['quota', 'plan', 'SSH key', 'zone', '.env', 'programs']);
    const text = preflightText(results, 80);
    expect(text.split('\n').filter((line) => line.includes('→'))).toHaveLength(6);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    expect(text).toContain('5 block a promote');
  });
});

describe('the account', () => {
  test('that does not let this computer in is one finding; what hangs on it is not asked', async ({ scene }) => {
    await scene.api.admin('PUT', '/terms', { access_list: ['198.51.100.7'] });
    const results = await scene.look();
    const found = wrong(results);
    expect(preflightText(results, 80).match(/not asked/g)).toHaveLength(1);
    expect(found.account).toMatch(/^blocks Unauthorized IP address: 127\.0\.0\.1 .*→ add this computer's address/);
    const rest = Object.entries(found).filter(([name]) => name !== 'account');
    expect(rest.length).toBeGreaterThan(5);
    for (const [, said] of rest)
      expect(said).toBe('unknown not asked: the account does not answer → see "account" above');
  });

  test('that does not know the key says so', async ({ scene, clock }) => {
    const first = firstLook({ apiUrl: scene.api.apiUrl, apiKey: 'wrong', clock });
    expect(wrong(await scene.look({ first })).account).toMatch(/^blocks Invalid API token.*VULTR_API_KEY/);
  });

  test('that is busy for a moment is asked again', async ({ scene }) => {
    await scene.api.plan({ kind: 'rate-limit', operation: 'GET /account', retryAfterSeconds: 0 }, 2);
    expect(wrong(await scene.look())).toEqual({});
    await scene.api.plan({ kind: 'rate-limit', operation: 'GET /account', retryAfterSeconds: 0 }, 3);
    expect(wrong(await scene.look()).account).toMatch(/^blocks Rate limit exceeded/);
  });

  test('that cannot be reached says where that was tried', async ({ scene, clock }) => {
    const first = firstLook({ apiUrl: 'http://127.0.0.1:9/v2', apiKey: 'k', clock });
    expect(wrong(await scene.look({ first })).account).toMatch(/^blocks http:\/\/127\.0\.0\.1:9\/v2 does not answer/);
  });

  test.for([
    [95, /^warning this computer is (9|10|11)\d s behind the API/],
    [-3_600, /^warning this computer is (5\d|6\d) min ahead of the API/],
  ] as const)('whose clock is %i s ahead warns', async ([seconds, said], { scene, clock }) => {
    // The account's own clock is not this computer's in a test.
    const difference = Math.round((systemClock.now() - clock.now()) / 1000);
    await scene.api.admin('PUT', '/terms', { clock_ahead_seconds: difference + seconds });
    expect(wrong(await scene.look()).clock).toMatch(said);
  });

  test('that has no room for another machine blocks', async ({ scene }) => {
    const results = await scene.look({}, { infra: { vultr_plan: 'vc2-1c-2gb', instance_limit: 1 } });
    expect(stateOf(results, 'quota')).toMatch(/^blocks 1 machine in the account, and infra\.instance_limit is 1/);
    const narrow = await scene.look({}, { infra: { vultr_plan: 'vc2-1c-2gb', instance_limit: 2 } });
    expect(stateOf(narrow, 'quota')).toMatch(/^warning 1 machine .*, of 2 .*room for a release, not for a bake/);
    const roomy = await scene.look({}, { infra: { vultr_plan: 'vc2-1c-2gb', instance_limit: 3 } });
    expect(stateOf(roomy, 'quota')).toBe('ok 1 machine in the account, of 3 that it may have');
  });

  test('whose region is out of the plan names others that fit, with their price, and other regions', async ({
    scene,
  }) => {
    await scene.api.admin('PUT', '/terms', { sold_out: [{ region: 'ewr', plan: 'vc2-1c-2gb' }] });
    expect(wrong(await scene.look())).toEqual({
      plan: 'blocks ewr has no vc2-1c-2gb just now → in config.yaml choose another infra.vultr_plan: vc2-2c-4gb ($20.00 a month); or another infra.vultr_region: ams, fra',
    });
  });

  test('that has no such plan or region says which key', async ({ scene }) => {
    expect(stateOf(await scene.look({}, { infra: { vultr_plan: 'vc9' } }), 'plan')).toContain(
      'no plan vc9 (infra.vultr_plan)',
    );
    const moon = await scene.look({}, { infra: { vultr_plan: 'vc2-1c-2gb', vultr_region: 'moon' } });
    expect(stateOf(moon, 'plan')).toContain('blocks there is no region moon (infra.vultr_region)');
  });
});

describe('the image', () => {
  test('that does not fit on the plan blocks', async ({ scene }) => {
    const results = await scene.look({}, { infra: { vultr_plan: 'vc2-1c-1gb' } });
    expect(stateOf(results, 'image')).toMatch(/^blocks .*infra\.vultr_plan .* 25 GB, and the snapshot needs 55 GB/);
  });

  test('that is old, or not there, is something to know of', async ({ scene, clock }) => {
    const later = { now: () => clock.now() + 9 * DAY_MS };
    expect(wrong(await scene.look({ clock: later })).image).toMatch(/^warning .*9 d old: more than image\.max_age/);
    const none = await scene.look({}, { image: { name: 'other' } });
    expect(stateOf(none, 'image')).toBe(
      'warning looking for a tested image "other": the account has none → anny-image build other',
    );
  });

  test('that is judged is the one that a promote of this environment takes, however new those of others are', async ({
    scene,
    clock,
  }) => {
    await clock.sleep(60_000);
    await addImage(scene.api, await makeMachine(scene.api, { plan: 'vc2-1c-2gb' }), 'b');
    const bakedFor = (environmentOf: (digest: string) => string): Pick<Ground, 'vouching'> => ({
      vouching: {
        vouch: async ({ digest }) => ({ kind: 'signed', by: 'me', environment: environmentOf(digest.slice(0, 1)) }),
      },
    });
    const ours = bakedFor((letter) => (letter === 'a' ? 'production' : 'staging'));
    expect(stateOf(await scene.look(ours), 'image')).toMatch(/^ok anny a{12} is tested/);
    expect(stateOf(await scene.look(bakedFor(() => 'staging')), 'image')).toMatch(
      /^warning .*of production: all were baked for other environments, .*b{12} for staging, a{12} for staging → anny-image --env production build anny/,
    );
  });

  test('that is not the one that was signed blocks, and one that nobody signed is something to know of', async ({
    scene,
  }) => {
    const wrong = { vouch: async () => ({ kind: 'wrong', found: 'its provenance is that of another' }) as const };
    expect(stateOf(await scene.look({ vouching: wrong }), 'image')).toMatch(
      /^blocks checking who signed image anny a{12}: its provenance/,
    );
    const unsigned = { vouch: async () => ({ kind: 'without papers' }) as const };
    expect(stateOf(await scene.look({ vouching: unsigned }), 'image')).toMatch(
      /^warning nobody signed anny a{12}.*→ anny-image build anny --force bakes and signs one/,
    );
  });
});

describe('the SSH key', () => {
  test('of the account that is not the one here blocks, since no machine would let anybody in', async ({ scene }) => {
    await scene.write('key', OTHER_KEY.privateKey);
    expect(wrong(await scene.look())).toEqual({
      'SSH key': expect.stringMatching(/^blocks .*"me" does not belong to/),
    });
  });

  test('that the account does not know by its name blocks', async ({ scene }) => {
    const results = await scene.look({}, { infra: { vultr_plan: 'vc2-1c-2gb', ssh_key_name: 'you' } });
    expect(stateOf(results, 'SSH key')).toMatch(/^blocks .*"you".*the account has me → add key\.pub/);
  });

  test.for([
    ['that is open to others', async ({ directory }: Scene) => chmod(join(directory, 'key'), 0o644), /read by others/],
    ['that is not there', async ({ directory }: Scene) => rm(join(directory, 'key')), /is not there/],
    ['that is none', async ({ write }: Scene) => write('key', 'no key'), /cannot be used/],
    ['of which this is the public half', async ({ write }: Scene) => write('key', KEY.publicKey), /it is a public key/],
  ] as const)('%s blocks', async ([, spoil, says], { scene }) => {
    await spoil(scene);
    expect(wrong(await scene.look())['private key']).toMatch(says);
  });
});
