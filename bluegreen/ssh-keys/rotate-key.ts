import type { AccountSetup } from '../../cloud/account/setup.ts';
import type { Cloud } from '../../cloud/cloud.ts';
import { publicHalf, sameKey } from '../../machine/key-file.ts';
import { nextName } from '../../machine/operator-key.ts';
import { AnnyError } from '../../operation/errors.ts';
import { type Operation, runStep, warn } from '../../operation/step.ts';
import { findOwnKey, type OwnKey } from './account-keys.ts';
import type { OtherMachine } from './doors.ts';
import { reach, type Unreached, unreachedText } from './elsewhere.ts';
import { ensureNext, type KeyFiles, useNext, writePublicHalf } from './key-files.ts';
import { type Door, type Logins, withLogin } from './logins.ts';

export interface Rotation {
  readonly operation: Operation;
  readonly cloud: Pick<Cloud, 'sshKeys' | 'createSshKey'>;
  readonly setup: Pick<AccountSetup, 'replaceSshKey' | 'deleteSshKey'>;
  readonly logins: Logins;
  readonly infra: Parameters<typeof findOwnKey>[1];
  readonly files: KeyFiles;
  /** Every machine of this environment. */
  readonly doors: readonly Door[];
  /** Machines of others, where this key may log in as well; asked again before the former key goes. */
  readonly elsewhere: () => Promise<readonly OtherMachine[]>;
  /** Goes on although some of them cannot be reached: they know the former key alone. */
  readonly leaveOthers: boolean;
}

export interface Rotated {
  readonly name: string;
  readonly former: string | undefined;
  readonly publicKey: string;
  readonly machines: readonly string[];
  /** Of other environments: they may let in the former key alone. */
  readonly left: readonly Unreached[];
}

/**
 * Another key takes the place of this computer's own: in the account, on every machine, here. Killed anywhere, the same command goes
 * on. Until the end the account has both, so that a machine which is made meanwhile knows both; the former one is taken away only
 * where the new one has let us in.
 */
export async function rotateKey(rotation: Rotation): Promise<Rotated> {
  const { operation, cloud, setup, files, infra } = rotation;
  const own = await ownHalf(files, infra);
  const found = await findOwnKey(cloud, infra, own);
  const { name, id } = found.entry;
  const before = await reachOthers(rotation);
  // The local rename is behind us once the account's next one is ours.
  const isUsed = found.next !== undefined && sameKey(found.next.publicKey, own);
  const next = isUsed ? own : await announce(rotation, found);
  if (!isUsed) {
    await admitAndProve(rotation, [...rotation.doors, ...before.open], next);
    // One that another environment made until now may have asked the account before it knew the next key.
    await admitAndProve(rotation, without((await reachOthers(rotation)).open, before.open), next);
    await runStep(operation, { name: 'use the new key', detail: files.path, run: () => useNext(files) });
  }
  await writePublicHalf(files);
  await runStep(operation, { name: 'account', detail: name, run: () => setup.replaceSshKey(id, next) });
  const former = await formerOf(found, files, next);
  const { open, unreached: left } = await reach(rotation.logins, await rotation.elsewhere(), files.path);
  const doors = [...rotation.doors, ...open];
  await forget(rotation, doors, former);
  if (left.length > 0) warn(operation, `the former key is all that may let you in on ${unreachedText(left)}`);
  const after = (await cloud.sshKeys()).filter((key) => key.name === nextName(name));
  for (const key of after) {
    await runStep(operation, { name: 'account', detail: key.name, run: () => setup.deleteSshKey(key.id) });
  }
  return { name, former, publicKey: next, machines: doors.map(({ release }) => release), left };
}

/** Once the former key is gone from here, nobody could log in on the others with the new one. */
async function reachOthers({ logins, files, elsewhere, leaveOthers }: Rotation) {
  const reached = await reach(logins, await elsewhere(), files.path);
  if (reached.unreached.length === 0 || leaveOthers) return reached;
  throw new AnnyError('REFUSED', {
    doing: 'replacing the SSH key',
    found: `machines of other environments cannot be reached with it, and would not let the new key in: ${unreachedText(reached.unreached)}`,
    next: 'bring them back, then run this again; or add --leave-others, which leaves them as they are (where this key was never let in, or its former one can be kept)',
  });
}

function without(doors: readonly Door[], known: readonly Door[]): readonly Door[] {
  return doors.filter(
    ({ release, address }) => !known.some((one) => one.release === release && one.address === address),
  );
}

async function ownHalf({ path }: KeyFiles, { ssh_private_key }: Rotation['infra']): Promise<string> {
  const own = await publicHalf(path);
  if (own !== undefined) return own;
  throw new AnnyError('CONFIG_INVALID', {
    doing: `reading ${ssh_private_key} (infra.ssh_private_key)`,
    found: 'there is no such file',
    next: 'name the private key that logs in on the machines',
  });
}

/** From here on new machines know it. */
async function announce({ operation, cloud, files }: Rotation, { entry, next }: OwnKey): Promise<string> {
  const begun = await publicHalf(files.next);
  if (next !== undefined && (begun === undefined || !sameKey(next.publicKey, begun))) {
    throw new AnnyError('REFUSED', {
      doing: `replacing the SSH key ${entry.name}`,
      found: `the account has a ${next.name} that is not ${files.next}: another computer has begun this`,
      next: `finish it there; or, when that computer is gone, delete ${next.name} in Vultr's console and run this again`,
    });
  }
  const fresh = await ensureNext(files);
  if (next === undefined) {
    const name = nextName(entry.name);
    await runStep(operation, { name: 'new key', detail: name, run: () => cloud.createSshKey(name, fresh) });
  }
  return fresh;
}

/** Lets the new key in beside the former one, and sees that it does. */
async function admitAndProve({ operation, logins, files }: Rotation, doors: readonly Door[], next: string) {
  for (const door of doors) {
    await runStep(operation, {
      name: 'let it in',
      detail: door.release,
      run: async () => {
        await withLogin(logins, { door, path: files.path }, (login) => login.add(next));
        await withLogin(logins, { door, path: files.next }, (login) => login.keys());
      },
      describe: () => 'it logs in',
    });
  }
}

/** Known only before the account forgets it; afterwards its file says it. */
async function formerOf({ entry }: OwnKey, files: KeyFiles, next: string): Promise<string | undefined> {
  return sameKey(entry.publicKey, next) ? publicHalf(files.former) : entry.publicKey;
}

async function forget({ operation, logins, files }: Rotation, doors: readonly Door[], former: string | undefined) {
  if (former === undefined) return;
  for (const door of doors) {
    await runStep(operation, {
      name: 'forget the former key',
      detail: door.release,
      // Logging in with the new one is the proof that nobody is locked out by it.
      run: () => withLogin(logins, { door, path: files.path }, (login) => login.remove(former)),
    });
  }
}
