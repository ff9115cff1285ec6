import { z } from 'zod';
import type {
  DnsRecord,
  FirewallGroupId,
  Instance,
  InstanceId,
  Note,
  NoteId,
  Plan,
  RecordId,
  ReservedIp,
  ReservedIpId,
  Snapshot,
  SnapshotId,
  SshKeyId,
} from '../cloud.ts';
import { usd } from '../money.ts';

/** What the API answers, as far as Anny reads it, turned into the port's words. Source: the API's own description. */
const NO_ADDRESS = '0.0.0.0';

export const instanceAnswer = z
  .object({
    id: z.string(),
    label: z.string(),
    hostname: z.string().optional(),
    tags: z.array(z.string()).nullish(),
    plan: z.string(),
    region: z.string(),
    main_ip: z.string(),
    status: z.enum(['pending', 'active', 'suspended', 'resizing']),
    power_status: z.string(),
    server_status: z.string(),
    date_created: z.string(),
    snapshot_id: z.string().nullish(),
  })
  .transform(
    (one): Instance => ({
      id: one.id as InstanceId,
      label: one.label,
      hostname: one.hostname ?? '',
      tags: one.tags ?? [],
      plan: one.plan,
      region: one.region,
      address: one.main_ip === NO_ADDRESS || one.main_ip === '' ? undefined : one.main_ip,
      status: one.status,
      power: one.power_status === 'stopped' ? 'stopped' : one.power_status === 'starting' ? 'starting' : 'running',
      serverStatus: one.server_status,
      createdAt: one.date_created,
      snapshotId: one.snapshot_id ? (one.snapshot_id as SnapshotId) : undefined,
    }),
  );

export const snapshotAnswer = z
  .object({
    id: z.string(),
    description: z.string().default(''),
    status: z.enum(['pending', 'complete', 'deleted']),
    date_created: z.string(),
    size: z.number(),
    compressed_size: z.number().optional(),
  })
  .transform(
    (one): Snapshot => ({
      id: one.id as SnapshotId,
      description: one.description,
      status: one.status,
      createdAt: one.date_created,
      sizeBytes: one.size,
      storedBytes: one.compressed_size ?? one.size,
    }),
  );

export const recordAnswer = z
  .object({ id: z.string(), type: z.string(), name: z.string(), data: z.string(), ttl: z.number() })
  .transform(
    (one): DnsRecord => ({
      id: one.id as RecordId,
      type: one.type,
      name: one.name,
      data: one.data,
      ttlSeconds: one.ttl,
    }),
  );

export const reservedIpAnswer = z
  .object({
    id: z.string(),
    label: z.string().default(''),
    region: z.string(),
    subnet: z.string(),
    instance_id: z.string().nullish(),
  })
  .transform(
    (one): ReservedIp => ({
      id: one.id as ReservedIpId,
      label: one.label,
      region: one.region,
      address: one.subnet,
      attachedTo: one.instance_id ? (one.instance_id as InstanceId) : undefined,
    }),
  );

/** Where a plan names no hourly price: a month's is reached after 28 days (Vultr's FAQ, "How am I billed for my instances?"). */
const SHORTEST_MONTH_HOURS = 672;

export const planAnswer = z
  .object({
    id: z.string(),
    disk: z.number(),
    ram: z.number(),
    vcpu_count: z.number(),
    monthly_cost: z.number(),
    hourly_cost: z.number().optional(),
    locations: z.array(z.string()),
  })
  .transform(
    (one): Plan => ({
      id: one.id,
      diskGb: one.disk,
      ramMb: one.ram,
      vcpus: one.vcpu_count,
      monthlyCost: usd(one.monthly_cost),
      hourlyUsd: one.hourly_cost ?? one.monthly_cost / SHORTEST_MONTH_HOURS,
      regions: one.locations,
    }),
  );

export const sshKeyAnswer = z
  .object({ id: z.string(), name: z.string(), ssh_key: z.string() })
  .transform((one) => ({ id: one.id as SshKeyId, name: one.name, publicKey: one.ssh_key }));

export const regionAnswer = z.object({ id: z.string(), city: z.string(), country: z.string() });

export const domainAnswer = z.object({ domain: z.string() }).transform(({ domain }) => domain);

export const firewallGroupAnswer = z
  .object({ id: z.string(), description: z.string() })
  .transform((one) => ({ id: one.id as FirewallGroupId, description: one.description }));

/** A list has no texts. */
export const listedNoteAnswer = z
  .object({ id: z.string(), name: z.string(), date_created: z.string() })
  .transform((one) => ({ id: one.id as NoteId, name: one.name, createdAt: one.date_created }));

export const noteAnswer = z.object({ id: z.string(), name: z.string(), script: z.string() }).transform(
  (one): Note => ({
    id: one.id as NoteId,
    name: one.name,
    text: Buffer.from(one.script, 'base64').toString('utf8'),
  }),
);

export const accountAnswer = z.object({
  account: z
    .object({ name: z.string(), email: z.string(), pending_charges: z.number() })
    .transform((one) => ({ name: one.name, email: one.email, pendingCharges: usd(one.pending_charges) })),
});

/** Whatever it is, nobody reads it. */
export const nothing = z.unknown().transform(() => true);

/** A page of a list: its items under `key`, and the cursor of the next page ("" at the end). */
export function page<T>(key: string, item: z.ZodType<T>) {
  return z
    .looseObject({ meta: z.object({ links: z.object({ next: z.string().nullish() }).nullish() }) })
    .transform((answer, context) => {
      const items = z.array(item).safeParse(answer[key]);
      if (!items.success) {
        context.addIssue({ code: 'custom', message: `${key}: ${z.prettifyError(items.error)}` });
        return z.NEVER;
      }
      return { items: items.data, next: answer.meta.links?.next ?? '' };
    });
}
