import type { Cloud } from '../../cloud/cloud.ts';
import { fingerprintOf } from '../../machine/host-key.ts';
import { publicHalf, sameKey } from '../../machine/key-file.ts';
import { type OperatorKey, operatorKeys } from '../../machine/operator-key.ts';
import { AnnyError } from '../../operation/errors.ts';
import { type Operation, runStep } from '../../operation/step.ts';
import type { findOwnKey } from './account-keys.ts';
import { type Door, type Login, type Logins, withLogin } from './logins.ts';

export interface KeyPush {
  readonly operation: Operation;
  readonly cloud: Pick<Cloud, 'sshKeys'>;
  readonly logins: Logins;
  readonly infra: Parameters<typeof findOwnKey>[1];
  /** This computer's private key. */
  readonly path: string;
  readonly doors: readonly Door[];
}

/** Who may log in on one machine, beside who should. */
export interface Access {
  readonly release: string;
  /** By the name that the account has for the key; a fingerprint where it has none. */
  readonly has: readonly string[];
  readonly lacks: readonly string[];
  /** May, and should not. */
  readonly tooMany: readonly string[];
}

export async function accessOf({ cloud, logins, infra, path, doors }: KeyPush): Promise<readonly Access[]> {
  const wanted = await operatorKeys(cloud, infra);
  const known = await cloud.sshKeys();
  return Promise.all(
    doors.map((door) =>
      withLogin(logins, { door, path }, async (login) => compare(door, await login.keys(), wanted, known)),
    ),
  );
}

type Known = readonly Pick<OperatorKey, 'name' | 'publicKey'>[];

function compare({ release }: Door, keys: readonly string[], wanted: Known, known: Known): Access {
  const nameOf = (key: string): string =>
    [...wanted, ...known].find(({ publicKey }) => sameKey(publicKey, key))?.name ?? fingerprintOf(key);
  const isWanted = (key: string): boolean => wanted.some(({ publicKey }) => sameKey(publicKey, key));
  return {
    release,
    has: keys.filter(isWanted).map(nameOf),
    lacks: wanted.filter(({ publicKey }) => !keys.some((key) => sameKey(key, publicKey))).map(({ name }) => name),
    tooMany: keys.filter((key) => !isWanted(key)).map(nameOf),
  };
}

/** The operators that config.yaml names, and nobody else. This computer's own key is among them, and proved before anything else. */
export async function pushKeys(push: KeyPush, agree: (planned: readonly Access[]) => Promise<void>) {
  const { operation, cloud, logins, infra, path, doors } = push;
  const wanted = await operatorKeys(cloud, infra);
  await refuseOwnLoss(push, wanted);
  const planned = (await accessOf(push)).filter(({ lacks, tooMany }) => lacks.length + tooMany.length > 0);
  if (planned.length > 0) await agree(planned);
  for (const { release } of planned) {
    const door = doors.find((one) => one.release === release);
    if (door === undefined) continue;
    await runStep(operation, {
      name: 'keys',
      detail: release,
      run: async () => {
        await withLogin(logins, { door, path }, (login) => letIn(login, wanted));
        await withLogin(logins, { door, path }, (login) => login.keys());
      },
      describe: () => wanted.map(({ name }) => name).join(', '),
    });
  }
  return planned;
}

async function letIn(login: Login, wanted: Known): Promise<void> {
  for (const { publicKey } of wanted) await login.add(publicKey);
  const others = (await login.keys()).filter((key) => !wanted.some(({ publicKey }) => sameKey(publicKey, key)));
  for (const key of others) await login.remove(key);
}

async function refuseOwnLoss({ infra, path }: KeyPush, wanted: Known): Promise<void> {
  const own = await publicHalf(path);
  if (own !== undefined && wanted.some(({ publicKey }) => sameKey(publicKey, own))) return;
  throw new AnnyError('REFUSED', {
    doing: 'saying who may log in',
    found: `this computer's own key (${infra.ssh_private_key}) is none of those that config.yaml names: ${wanted.map(({ name }) => name).join(', ')}`,
    next: 'name it in infra.ssh_key_names (ssh_key_name for one operator), or let another operator run this',
  });
}
