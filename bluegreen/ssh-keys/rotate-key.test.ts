import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAccount } from '../../cloud/account/account.ts';
import { openAccountSetup } from '../../cloud/account/setup.ts';
import { bare, publicHalf } from '../../machine/key-file.ts';
import { operatorKeys } from '../../machine/operator-key.ts';
import { makeSshKey } from '../../machine/ssh-key.ts';
import { AnnyError } from '../../operation/errors.ts';
import { silentReport } from '../../operation/silent-report.ts';
import type { Operation } from '../../operation/step.ts';
import { systemClock } from '../../operation/system-clock.ts';
import { fastClock } from '../../test/cloud/clocks.ts';
import { API_KEY, type LocalApi, openLocalApi } from '../../test/cloud/local-api.ts';
import { keyFiles } from './key-files.ts';
import type { Door, Logins } from './logins.ts';
import { pushKeys } from './push-keys.ts';
import { type Rotation, rotateKey } from './rotate-key.ts';

// The account's API, key files and all decisions are real; machines are lists of keys.
const INFRA = { ssh_key_name: '', ssh_key_names: ['ann', 'bob'], ssh_private_key: '~/.ssh/ann' };
const bob = makeSshKey(systemClock).publicKey;
const door = (release: string): Door => ({ release, address: '192.0.2.1', hostKey: `SHA256:${release}` });

// Nobody waits for the API's limit in earnest.
const clock = fastClock();
let api: LocalApi;
let directory: string;
let path: string;
let former: string;
let machines: Map<string, readonly string[]>;
/** Calls with an effect that are left until the program is killed. */
let left = Number.POSITIVE_INFINITY;

beforeEach(async () => {
  api = await openLocalApi({ clock });
  directory = await mkdtemp(join(tmpdir(), 'anny-keys-'));
  path = join(directory, 'ann');
  const key = makeSshKey(systemClock);
  former = key.publicKey;
  await writeFile(path, key.privateKey, { mode: 0o600 });
  left = Number.POSITIVE_INFINITY;
  machines = new Map([
    ['blue', [`${former} ann`, bob]],
    ['green', [former, `${bob} bob@home`]],
    ['staging', [former]],
  ]);
  for (const [name, ssh_key] of [['ann', former] as const, ['bob', bob] as const]) {
    await api.ask('POST', '/ssh-keys', { name, ssh_key });
  }
});
afterEach(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

class Killed extends Error {}

/** Killed before the call's effect, or after it and before its answer. */
async function mortal<T>(effect: () => Promise<T>): Promise<T> {
  left -= 1;
  if (left < 0) throw new Killed();
  const result = await effect();
  left -= 1;
  if (left < 0) throw new Killed();
  return result;
}

const without = (keys: readonly string[], key: string) => keys.filter((one) => bare(one) !== bare(key));
const staging = { environment: 'staging', release: 'staging', door: door('staging') };

const logins: Logins = {
  open: async ({ release }, keyPath) => {
    const own = bare((await publicHalf(keyPath)) ?? '');
    const read = () => machines.get(release) ?? [];
    if (!read().some((key) => bare(key) === own)) {
      throw new AnnyError('MACHINE_UNREACHABLE', { doing: release, found: 'all configured methods failed', next: '' });
    }
    return {
      keys: async () => read(),
      add: (key) => mortal(async () => void machines.set(release, [...without(read(), key), key])),
      remove: (key) => mortal(async () => void machines.set(release, without(read(), key))),
      close: async () => undefined,
    };
  },
};

function operation(): Operation {
  const journal = { append: async () => undefined, entries: async () => [] };
  const interrupt = new AbortController().signal;
  return {
    ...{ id: '01', command: 'ssh-keys', clock: systemClock, journal, report: silentReport, undos: [], warnings: [] },
    ...{ held: { lease: undefined }, interrupt, forward: false },
  };
}

function account() {
  const options = { apiUrl: api.apiUrl, apiKey: API_KEY, clock };
  return { cloud: openAccount(options), setup: openAccountSetup(options) };
}

function rotation(): Rotation {
  const { cloud, setup } = account();
  return {
    operation: operation(),
    cloud: { sshKeys: cloud.sshKeys, createSshKey: (name, key) => mortal(() => cloud.createSshKey(name, key)) },
    setup: {
      replaceSshKey: (id, key) => mortal(() => setup.replaceSshKey(id, key)),
      deleteSshKey: (id) => mortal(() => setup.deleteSshKey(id)),
    },
    ...{ logins, infra: INFRA, files: keyFiles(path) },
    ...{ doors: [door('blue'), door('green')], elsewhere: async () => [staging], leaveOthers: false },
  };
}

const bareKeys = (release: string) => (machines.get(release) ?? []).map(bare);

async function expectDone(): Promise<void> {
  const own = bare((await publicHalf(path)) ?? '');
  expect(own).not.toBe(former);
  for (const release of ['blue', 'green']) expect(bareKeys(release).sort()).toEqual([own, bob].sort());
  expect(bareKeys('staging')).toEqual([own]);
  const keys = await account().cloud.sshKeys();
  expect(keys.map(({ name, publicKey }) => [name, bare(publicKey)]).sort()).toEqual([
    ['ann', own],
    ['bob', bob],
  ]);
  expect(bare((await publicHalf(`${path}.former`)) ?? '')).toBe(former);
  expect(await publicHalf(`${path}.next`)).toBeUndefined();
}

/** At any moment: this computer gets in everywhere, and on a machine that is made now. */
async function expectNobodyLockedOut(): Promise<void> {
  const own = bare((await publicHalf(path)) ?? '');
  for (const release of machines.keys()) expect(bareKeys(release), release).toContain(own);
  for (const release of ['blue', 'green']) expect(bareKeys(release), release).toContain(bob);
  const fresh = (await operatorKeys(account().cloud, INFRA)).map(({ publicKey }) => bare(publicKey));
  expect(fresh).toEqual(expect.arrayContaining([own, bob]));
}

describe("replacing this computer's key", () => {
  it('leaves the new one alone on every machine, in the account and here; other operators stay', async () => {
    const told = await rotateKey(rotation());
    expect(told).toMatchObject({ name: 'ann', machines: ['blue', 'green', 'staging'] });
    await expectDone();
  });

  it('locks nobody out wherever it is killed, and goes on when it is run again', { timeout: 60_000 }, async () => {
    const begun = new Map(machines);
    let moments = 0;
    for (let after = 0; ; after += 1) {
      machines = new Map(begun);
      await resetAccountAndFiles();
      left = after;
      const killed = await rotateKey(rotation()).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return true;
        },
      );
      await expectNobodyLockedOut();
      if (!killed) break;
      moments += 1;
      // Somebody promotes meanwhile: the machine has what the account said then.
      machines.set(
        'green',
        (await operatorKeys(account().cloud, INFRA)).map(({ publicKey }) => publicKey),
      );
      left = Number.POSITIVE_INFINITY;
      // Killed behind its last effect it has nothing left to do: another run would be another rotation.
      const isBegun = (await account().cloud.sshKeys()).some(({ name }) => name === 'ann.next');
      if (isBegun || bare((await publicHalf(path)) ?? '') === former) await rotateKey(rotation());
      await expectDone();
    }
    expect(moments).toBeGreaterThanOrEqual(16);
  });

  it('goes no further than to let it in where the new key does not log in', async () => {
    const deaf: Logins = {
      open: async (one, keyPath) => {
        if (keyPath.endsWith('.next')) {
          throw new AnnyError('MACHINE_UNREACHABLE', { doing: one.release, found: 'refused', next: '' });
        }
        return logins.open(one, keyPath);
      },
    };
    await expect(rotateKey({ ...rotation(), logins: deaf })).rejects.toThrow('refused');
    expect(await publicHalf(path)).toBe(former);
    await expectNobodyLockedOut();
  });

  it('refuses while a machine of another environment cannot be reached, and touches nothing', async () => {
    machines.set('staging', [bob]);
    await expect(rotateKey(rotation())).rejects.toThrow('staging of staging (all configured methods failed)');
    expect(await publicHalf(path)).toBe(former);
    expect(await publicHalf(`${path}.next`)).toBeUndefined();
    expect(bareKeys('blue')).toEqual([former, bob]);
    expect((await account().cloud.sshKeys()).map(({ name }) => name).sort()).toEqual(['ann', 'bob']);
  });

  it('refuses while one has no address yet', async () => {
    const elsewhere = async () => [{ ...staging, door: undefined }];
    await expect(rotateKey({ ...rotation(), elsewhere })).rejects.toThrow('it has no address yet');
  });

  it('goes on without them where that is wanted, and names them', async () => {
    machines.set('staging', [bob]);
    const begun = rotation();
    const told = await rotateKey({ ...begun, leaveOthers: true });
    const left = [{ environment: 'staging', release: 'staging', problem: 'all configured methods failed' }];
    expect(told).toMatchObject({ machines: ['blue', 'green'], left });
    expect(begun.operation.warnings.join()).toContain('staging of staging');
    expect(bareKeys('staging')).toEqual([bob]);
  });

  it('sees what another environment makes meanwhile, also with the former key alone', async () => {
    const made = { environment: 'dev', release: 'dev', door: door('dev') };
    let asked = 0;
    const elsewhere = async () => {
      asked += 1;
      if (asked === 2) machines.set('dev', [former]);
      return asked === 1 ? [staging] : [staging, made];
    };
    expect(await rotateKey({ ...rotation(), elsewhere })).toMatchObject({ left: [] });
    expect(bareKeys('dev')).toEqual([bare((await publicHalf(path)) ?? '')]);
  });

  it('names one that came last of all with the former key alone', async () => {
    const made = { environment: 'dev', release: 'dev', door: door('dev') };
    machines.set('dev', [former]);
    let asked = 0;
    const elsewhere = async () => {
      asked += 1;
      return asked < 3 ? [staging] : [staging, made];
    };
    expect(await rotateKey({ ...rotation(), elsewhere })).toMatchObject({ left: [{ release: 'dev' }] });
  });

  it('keeps to itself what another environment changes on a machine meanwhile', async () => {
    const carol = makeSshKey(systemClock).publicKey;
    // Between looking and writing there bob goes and carol comes.
    const busy: Logins = {
      open: async (one, keyPath) => {
        const login = await logins.open(one, keyPath);
        const keys = async () => {
          const seen = await login.keys();
          if (one.release === 'blue') machines.set('blue', [...without(without(seen, bob), carol), carol]);
          return seen;
        };
        return { ...login, keys };
      },
    };
    await rotateKey({ ...rotation(), logins: busy });
    expect(bareKeys('blue').sort()).toEqual([carol, bare((await publicHalf(path)) ?? '')].sort());
  });

  it('refuses what another computer has begun', async () => {
    await api.ask('POST', '/ssh-keys', { name: 'ann.next', ssh_key: makeSshKey(systemClock).publicKey });
    await expect(rotateKey(rotation())).rejects.toThrow('another computer has begun this');
    expect(bareKeys('blue')).toEqual([former, bob]);
  });

  it('refuses a key that is no operator’s', async () => {
    await writeFile(path, makeSshKey(systemClock).privateKey);
    await expect(rotateKey(rotation())).rejects.toThrow('it is none of ann, bob there');
  });
});

describe('letting in those that config.yaml names', () => {
  const push = (names: readonly string[]) =>
    pushKeys(
      {
        ...{ operation: operation(), cloud: account().cloud, logins, path },
        ...{ infra: { ...INFRA, ssh_key_names: names }, doors: [door('blue'), door('green')] },
      },
      async () => undefined,
    );

  it('takes one away who is no longer named, and says whom by name', async () => {
    expect(await push(['ann'])).toEqual([
      { release: 'blue', has: ['ann'], lacks: [], tooMany: ['bob'] },
      { release: 'green', has: ['ann'], lacks: [], tooMany: ['bob'] },
    ]);
    expect(bareKeys('blue')).toEqual([former]);
    expect(await push(['ann'])).toEqual([]);
  });

  it('never takes away the key that it works with', async () => {
    await expect(push(['bob'])).rejects.toThrow('is none of those that config.yaml names: bob');
    expect(bareKeys('blue')).toEqual([former, bob]);
  });

  it('names what the account does not know', async () => {
    await expect(push(['ann', 'carol'])).rejects.toThrow('looking for the SSH key "carol" (infra.ssh_key_names)');
  });
});

async function resetAccountAndFiles(): Promise<void> {
  const { cloud, setup } = account();
  for (const { id } of await cloud.sshKeys()) await setup.deleteSshKey(id);
  for (const [name, key] of [['ann', former] as const, ['bob', bob] as const]) await cloud.createSshKey(name, key);
  const kept = await publicHalf(`${path}.former`);
  if (kept === former) await rename(`${path}.former`, path);
  await rm(`${path}.next`, { force: true });
}
