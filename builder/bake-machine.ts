import type { InstanceId, NewInstance } from '../cloud/cloud.ts';
import { localPath } from '../config/local-path.ts';
import { makeHostKey } from '../machine/host-key.ts';
import { operatorKey } from '../machine/operator-key.ts';
import { knocks } from '../machine/patient.ts';
import type { Shell, ShellAddress, Shells } from '../machine/shell.ts';
import { userData } from '../machine/user-data.ts';
import { AnnyError } from '../operation/errors.ts';
import { runStep } from '../operation/step.ts';
import { type Waiting, waitFor } from '../operation/wait.ts';
import type { BakeContext } from './bake.ts';
import type { Identity } from './digest.ts';

const POLL_MS = 500;
const NO_ADDRESS = '0.0.0.0';

export interface BakeMachineRequest {
  readonly what: 'bake' | 'boot-test';
  readonly identity: Identity;
  readonly from: NewInstance['from'];
}

/** A short-lived machine with root's shell on it: created, booted, reached by its pinned host key. */
export async function openBakeMachine(
  context: BakeContext,
  request: BakeMachineRequest,
): Promise<{ readonly id: InstanceId; readonly shell: Shell }> {
  const { operation, cloud, shells, settings } = context;
  const { infra, deploy } = settings.config;
  const hostKey = makeHostKey();
  const key = await operatorKey(cloud, infra);
  const made: { id?: InstanceId } = {};
  const label = `${infra.vultr_label}-${settings.environment}-${request.what}-${request.identity.name}-${operation.id}`;
  const instance = await runStep(operation, {
    name: request.what === 'bake' ? 'create builder' : 'create test machine',
    detail: 'osId' in request.from ? `from OS ${request.from.osId}` : `from snapshot ${request.from.snapshotId}`,
    run: async () => {
      const created = await cloud.createInstance({
        label,
        hostname: `${request.what}-${request.identity.name}`,
        region: infra.vultr_region,
        plan: infra.vultr_plan,
        from: request.from,
        userData: userData({ hostKey, user: 'anny-bake', authorizedKeys: [key.publicKey] }),
        sshKeyIds: [key.id],
        tags: [
          ...['anny', `env=${settings.environment}`, `op=${operation.id}`, `kind=${request.what}`],
          ...[`image=${request.identity.digest.slice(0, 12)}`, `hostkey=${hostKey.fingerprint}`],
        ],
        uniqueTag: `op=${operation.id}`,
      });
      made.id = created.id;
      return created;
    },
    undo: async () => {
      if (made.id !== undefined) await cloud.destroyInstance(made.id);
    },
    describe: ({ id }) => id,
  });
  const shell = await runStep(operation, {
    name: 'boot',
    interruptible: true,
    run: async (progress) => {
      const wait = {
        timeoutMs: deploy.boot_timeout,
        intervalMs: POLL_MS,
        next: 'the account says what it does: anny-bluegreen status',
      };
      const address = await waitFor(operation.clock, { ...wait, what: 'an address' }, async () => {
        const now = await cloud.instance(instance.id);
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
      const againAfter = knocks(POLL_MS);
      const open = await waitFor(operation.clock, { ...wait, what: `${address} to answer over SSH` }, () =>
        tryToOpen(shells, target, againAfter),
      );
      await open.run(
        'cloud-init status --wait >/dev/null 2>&1 || true; systemctl is-system-running --wait >/dev/null 2>&1 || true',
        {
          timeoutMs: deploy.boot_timeout,
        },
      );
      await cloud.clearUserData(instance.id);
      return open;
    },
    describe: ({ address }) => `${address}, host key as pinned`,
  });
  return { id: instance.id, shell };
}

async function tryToOpen(
  shells: Shells,
  target: ShellAddress,
  againAfter: (error: AnnyError) => number,
): Promise<Waiting<Shell>> {
  try {
    return { done: await shells.open(target) };
  } catch (error) {
    if (!(error instanceof AnnyError) || error.code === 'HOST_KEY_MISMATCH') throw error;
    return { not: error.found, againInMs: againAfter(error) };
  }
}
