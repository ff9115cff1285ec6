import type { Image } from '../builder/catalog.ts';
import type { FirewallGroupId, Instance } from '../cloud/cloud.ts';
import { makeHostKey } from '../machine/host-key.ts';
import { operatorKeys } from '../machine/operator-key.ts';
import { knocks } from '../machine/patient.ts';
import { userData } from '../machine/user-data.ts';
import { AnnyError } from '../operation/errors.ts';
import type { StepReport } from '../operation/report.ts';
import { type Waiting, waitFor } from '../operation/wait.ts';
import type { Context } from './context.ts';
import { type Answering, askedOf, type Release, reach } from './release.ts';
import { type MachineKind, type Slot, tagsOf } from './tags.ts';

const NO_ADDRESS = '0.0.0.0';

/** Creates a release's instance from an image. Its SSH host key is pinned before it exists. */
export async function createRelease(
  context: Context,
  request: { readonly image: Image; readonly slot: Slot; readonly name: string; readonly kind: MachineKind },
): Promise<Release> {
  const { settings, cloud, operation } = context;
  const { infra } = settings.config;
  const hostKey = makeHostKey(operation.clock);
  const keys = await operatorKeys(cloud, infra);
  const tags = {
    environment: settings.environment,
    operation: operation.id,
    release: request.name,
    slot: request.slot,
    image: request.image.digest.slice(0, 12),
    hostKey: hostKey.fingerprint,
    stage: 'candidate' as const,
    keepUntil: 0,
    aloneSince: 0,
    lacksSince: 0,
    cachedUntil: 0,
  };
  const firewall = await firewallGroup(context);
  const instance = await cloud.createInstance({
    label: `${infra.vultr_label}-${settings.environment}-${request.name}`,
    hostname: request.name,
    region: infra.vultr_region,
    plan: infra.vultr_plan,
    from: { snapshotId: request.image.snapshotId },
    userData: userData({ hostKey, user: 'deploy', authorizedKeys: keys.map(({ publicKey }) => publicKey) }),
    sshKeyIds: keys.map(({ id }) => id),
    tags: tagsOf(tags, request.kind),
    uniqueTag: `op=${operation.id}`,
    ...(firewall === undefined ? {} : { firewallGroupId: firewall }),
  });
  return { instance, tags, address: instance.address ?? NO_ADDRESS };
}

/** Waits until the account gives the machine an address and the machine answers with its pinned key. */
export async function bootRelease(context: Context, release: Release, progress: StepReport): Promise<Answering> {
  const { clock, interrupt: stop } = context.operation;
  const { boot_timeout: timeoutMs } = context.settings.config.deploy;
  const next = 'anny-bluegreen status shows what the account says of it';
  const wait = { timeoutMs, next, stop };
  const placed = await waitFor(clock, { ...wait, what: `${release.tags.release} to get its address` }, async () => {
    const instance = await context.cloud.instance(release.instance.id);
    if (isPlaced(instance)) return { done: instance };
    const seen =
      instance === undefined ? 'not known to the account yet' : `${instance.status}, ${instance.serverStatus}`;
    progress.progress(seen);
    return { not: seen };
  });
  const booted = { ...release, instance: placed, address: placed.address };
  const againAfter = knocks();
  const answering = await waitFor(clock, { ...wait, what: `${release.tags.release} to answer over SSH` }, async () => {
    const knocked = await tryToReach(context, booted, againAfter);
    if ('not' in knocked) progress.progress(knocked.not);
    return knocked;
  });
  // The user data holds the host key; the machine has it now, the account need not.
  await context.cloud.clearUserData(release.instance.id);
  return answering;
}

function isPlaced(instance: Instance | undefined): instance is Instance & { readonly address: string } {
  return (
    instance?.address !== undefined &&
    instance.address !== NO_ADDRESS &&
    instance.power === 'running' &&
    !['none', 'locked'].includes(instance.serverStatus)
  );
}

/** A machine that boots refuses for a while; one with a foreign host key never is the right one. */
async function tryToReach(
  context: Context,
  release: Release,
  againAfter: (error: AnnyError) => number | undefined,
): Promise<Waiting<Answering>> {
  try {
    const box = await reach(context, release, true);
    return { done: { ...release, box, ...(await askedOf(context.operation.clock, () => box.status())) } };
  } catch (error) {
    if (!(error instanceof AnnyError) || error.code === 'HOST_KEY_MISMATCH') throw error;
    return { not: error.found, againInMs: againAfter(error) };
  }
}

export async function firewallGroup(
  context: Pick<Context, 'settings' | 'cloud'>,
): Promise<FirewallGroupId | undefined> {
  const wanted = context.settings.config.infra.firewall_group;
  if (wanted === '') return undefined;
  const groups = await context.cloud.firewallGroups();
  const found = groups.find(({ description }) => description === wanted);
  if (found !== undefined) return found.id;
  throw new AnnyError('CONFIG_INVALID', {
    doing: `looking for the firewall group "${wanted}" (infra.firewall_group) in the account`,
    found: `the account has ${groups.map(({ description }) => description).join(', ') || 'none'}`,
    next: 'anny-infra up makes it; or set infra.firewall_group to "" (the machine has its own firewall)',
  });
}
