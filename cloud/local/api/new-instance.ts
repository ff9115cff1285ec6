import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { bodyOf } from './body.ts';
import { PLANS, REGIONS, SYSTEMS } from './catalogue.ts';
import { notFound, Problem } from './problem.ts';
import type { Account } from './server.ts';
import type { StoredInstance } from './store.ts';
import { isSoldOut, refuseBeyondLimit } from './terms.ts';

/** What main_ip is until there is one. */
export const NO_ADDRESS = '0.0.0.0';
export const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'it must be base64');

const createBody = z.object({
  region: z.string(),
  plan: z.string(),
  os_id: z.int().optional(),
  snapshot_id: z.string().optional(),
  label: z.string().default(''),
  hostname: z.string().default('guest'),
  tags: z.array(z.string()).default([]),
  sshkey_id: z.array(z.string()).default([]),
  user_data: base64.default(''),
  firewall_group_id: z.string().default(''),
  reserved_ipv4: z.string().default(''),
});

/** A machine as the body wants it, before anything runs; 400 or 404 says what cannot be. */
export function newInstance({ store, clock }: Account, given: unknown): StoredInstance {
  const body = bodyOf(createBody, given);
  const plan = PLANS.find(({ id }) => id === body.plan);
  if (plan === undefined) throw new Problem(400, 'Invalid plan chosen.');
  if (!REGIONS.some(({ id }) => id === body.region)) throw new Problem(400, 'Invalid region chosen.');
  if (isSoldOut(store.state.terms, body.region, plan.id)) {
    throw new Problem(400, 'Invalid plan chosen. It is not available in this region.');
  }
  refuseBeyondLimit(store.state.terms, store.state.instances.length);
  if ((body.os_id === undefined) === (body.snapshot_id === undefined)) {
    throw new Problem(400, 'Exactly one of os_id, snapshot_id, iso_id, app_id or image_id must be given');
  }
  const system = SYSTEMS.find(({ id }) => id === (body.os_id ?? 164));
  if (system === undefined) throw new Problem(400, 'Invalid OS chosen.');
  if (body.snapshot_id !== undefined) refuseUnfit({ store }, body.snapshot_id, plan.disk);
  const unknown = body.sshkey_id.find((id) => !store.state.sshKeys.some((key) => key.id === id));
  if (unknown !== undefined) throw new Problem(400, `Invalid SSH key: ${unknown}`);
  if (body.firewall_group_id !== '') refuseUnknownGroup({ store }, body.firewall_group_id);
  if (body.reserved_ipv4 !== '') {
    throw new Problem(400, 'Invalid reserved_ipv4: the local cloud makes no machine with one; attach it');
  }
  const id = randomUUID();
  return {
    id,
    os: system.name,
    ram: plan.ram,
    disk: plan.disk,
    main_ip: NO_ADDRESS,
    vcpu_count: plan.vcpu_count,
    region: body.region,
    plan: plan.id,
    date_created: new Date(clock.now()).toISOString(),
    status: 'pending',
    power_status: 'running',
    server_status: 'none',
    label: body.label,
    hostname: body.hostname,
    os_id: system.id,
    snapshot_id: body.snapshot_id ?? '',
    firewall_group_id: body.firewall_group_id,
    tags: body.tags,
    user_data: body.user_data,
    ssh_key_ids: body.sshkey_id,
    boots: true,
  };
}

function refuseUnfit({ store }: Pick<Account, 'store'>, snapshotId: string, diskGb: number): void {
  const snapshot = store.state.snapshots.find(({ id }) => id === snapshotId);
  if (snapshot === undefined) throw notFound('snapshot');
  if (snapshot.status !== 'complete') throw new Problem(400, 'Snapshot is not ready yet');
  if (snapshot.size > diskGb * 1024 ** 3) {
    throw new Problem(400, 'Invalid plan chosen. The disk of the plan is smaller than the snapshot.');
  }
}

export function refuseUnknownGroup({ store }: Pick<Account, 'store'>, id: string | undefined): void {
  if (id === undefined || id === '') return;
  if (!store.state.firewallGroups.some((group) => group.id === id)) throw new Problem(400, 'Invalid firewall group');
}
