import type { Instance, InstanceId, NewInstance } from '../cloud/cloud.ts';
import { localPath } from '../config/local-path.ts';
import { type HostKey, makeHostKey } from '../machine/host-key.ts';
import { operatorKeys } from '../machine/operator-key.ts';
import { knocks } from '../machine/patient.ts';
import type { Shell, ShellAddress, Shells } from '../machine/shell.ts';
import { userData } from '../machine/user-data.ts';
import { AnnyError } from '../operation/errors.ts';
import { runStep } from '../operation/step.ts';
import { type Waiting, waitFor } from '../operation/wait.ts';
import type { BakeContext } from './bake-context.ts';
import type { Identity } from './digest.ts';

const NO_ADDRESS = '0.0.0.0';

export interface BakeMachineRequest {
  readonly what: 'bake' | 'boot-test';
  readonly identity: Identity;
  readonly from: NewInstance['from'];
}

/** No bake takes longer: what is older was left behind by a program that was killed. */
export const MAY_BAKE_MS = 3 * 60 * 60_000;

/** What `create` below says of a machine in its tags. */
export function isBakeMachine(tags: readonly string[]): boolean {
  return tags.includes('kind=bake') || tags.includes('kind=boot-test');
}

/** A short-lived machine, and root's shell on it. */
export interface BakeMachine {
  readonly id: InstanceId;
  readonly shell: Shell;
}

/** Creates, boots and reaches a machine by its pinned host key. The shell is closed whatever happens; the machine stays. */
export async function withBakeMachine<T>(
  context: BakeContext,
  request: BakeMachineRequest,
  use: (machine: BakeMachine) => Promise<T>,
): Promise<T> {
  const hostKey = makeHostKey(context.operation.clock);
  const instance = await create(context, request, hostKey);
  const shell = await boot(context, instance.id, hostKey);
  try {
    return await use({ id: instance.id, shell });
  } finally {
    await shell.close().catch(() => undefined);
  }
}

async function create(context: BakeContext, request: BakeMachineRequest, hostKey: HostKey): Promise<Instance> {
  const { operation, cloud, settings } = context;
  const { infra } = settings.config;
  const keys = await operatorKeys(cloud, infra);
  const label = `${infra.vultr_label}-${settings.environment}-${request.what}-${request.identity.name}-${operation.id}`;
  // One operation makes several machines: this tag is of one alone.
  const uniqueTag = `hostkey=${hostKey.fingerprint}`;
  return runStep(operation, {
    name: request.what === 'bake' ? 'create builder' : 'create test machine',
    detail: 'osId' in request.from ? `from OS ${request.from.osId}` : `from snapshot ${request.from.snapshotId}`,
    run: () =>
      cloud.createInstance({
        label,
        hostname: `${request.what}-${request.identity.name}`,
        region: infra.vultr_region,
        plan: infra.vultr_plan,
        from: request.from,
        userData: userData({ hostKey, user: 'anny-bake', authorizedKeys: keys.map(({ publicKey }) => publicKey) }),
        sshKeyIds: keys.map(({ id }) => id),
        tags: [
          ...['anny', `env=${settings.environment}`, `op=${operation.id}`, `kind=${request.what}`],
          ...[`image=${request.identity.digest.slice(0, 12)}`, uniqueTag],
        ],
        uniqueTag,
      }),
    // By its tag: a create whose answer was lost may have made one.
    undo: async () => {
      const made = (await cloud.instances()).filter(({ tags }) => tags.includes(uniqueTag));
      for (const { id } of made) await cloud.destroyInstance(id);
    },
    describe: ({ id }) => id,
  });
}

function boot(context: BakeContext, id: InstanceId, hostKey: HostKey): Promise<Shell> {
  const { operation, cloud, shells, settings } = context;
  const { infra, deploy } = settings.config;
  const wait = {
    timeoutMs: deploy.boot_timeout,
    next: 'the account says what it does: anny-bluegreen status',
    stop: operation.interrupt,
  };
  return runStep(operation, {
    name: 'boot',
    interruptible: true,
    run: async (progress) => {
      const address = await waitFor(operation.clock, { ...wait, what: 'an address' }, async () => {
        const now = await cloud.instance(id);
        const seen = `${now?.status ?? 'unknown'}, ${now?.serverStatus ?? 'unknown'}`;
        progress.progress(seen);
        const ready =
          now?.address !== undefined && now.address !== NO_ADDRESS && !['none', 'locked'].includes(now.serverStatus);
        return ready ? { done: now.address ?? '' } : { not: seen };
      });
      const target = {
        address,
        user: 'anny-bake' as const,
        privateKeyPath: localPath(settings.directory, infra.ssh_private_key),
        hostKeyFingerprint: hostKey.fingerprint,
      };
      const againAfter = knocks();
      const shell = await waitFor(operation.clock, { ...wait, what: `${address} to answer over SSH` }, () =>
        tryToOpen(shells, target, againAfter),
      );
      return closedUnless(shell, async () => {
        await untilSettled(shell, deploy.boot_timeout);
        await cloud.clearUserData(id);
        return !operation.interrupt.aborted;
      });
    },
    describe: ({ address }) => `${address}, host key as pinned`,
  });
}

/** An open shell holds the program up: nobody else closes it when booting fails, or goes on after Ctrl-C. */
async function closedUnless(shell: Shell, isWanted: () => Promise<boolean>): Promise<Shell> {
  let wanted = false;
  try {
    wanted = await isWanted();
  } finally {
    if (!wanted) await shell.close().catch(() => undefined);
  }
  return shell;
}

/** Cloud-init's last stage is a part of booting; a look for what it leaves costs nothing, and asking it a third of a second. */
const SETTLED = `systemctl is-system-running --wait >/dev/null 2>&1 || true
[ -e /run/cloud-init/result.json ] || cloud-init status --wait >/dev/null 2>&1 || true`;

async function untilSettled(shell: Shell, timeoutMs: number): Promise<void> {
  await shell.run(SETTLED, { timeoutMs });
}

async function tryToOpen(
  shells: Shells,
  target: ShellAddress,
  againAfter: (error: AnnyError) => number | undefined,
): Promise<Waiting<Shell>> {
  try {
    return { done: await shells.open(target) };
  } catch (error) {
    if (!(error instanceof AnnyError) || error.code === 'HOST_KEY_MISMATCH') throw error;
    return { not: error.found, againInMs: againAfter(error) };
  }
}
