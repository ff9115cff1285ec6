import type { Plan } from '../cloud/cloud.ts';
import { type Prices, pricesOf } from '../cloud/prices.ts';
import { holderOf } from '../lease/claim-text.ts';
import { interruptedIn, type ListedClaim, runningIn } from '../lease/list.ts';
import type { Issuer } from '../machine/box.ts';
import type { Backup, Proof } from './backups.ts';
import type { Context } from './context.ts';
import { billOf } from './cost/bill.ts';
import { machineItems } from './cost/machine-items.ts';
import { snapshotItems } from './cost/snapshot-items.ts';
import { type NextStep, nextStep } from './doctor/next-step.ts';
import { examine, type Observations } from './doctor/observations.ts';
import { addressFor, isHolder, leadsTo } from './leading.ts';
import type { World } from './observe.ts';
import type { Answering } from './release.ts';
import type { Situation } from './situation.ts';

/** Answer of `status`; as JSON it is printed as it is. Times in seconds since the epoch. */
export interface StatusView {
  readonly environment: string;
  readonly name: string;
  readonly situation: Situation['kind'];
  readonly writer: string | null;
  readonly machines: readonly MachineView[];
  readonly record: string | null;
  /** The reserved IP that traffic comes by, and the release that it is attached to; null where the record itself leads there. */
  readonly reservedIp: { readonly address: string; readonly attachedTo: string | null } | null;
  readonly nameServers: readonly { readonly server: string; readonly says: string; readonly right: boolean }[];
  readonly backups: {
    /** The last time that one was restored and its app was well. */
    readonly proof: Proof | null;
    readonly configured: boolean;
    readonly offMachine: boolean;
    readonly newest: Backup | null;
    /** Why they could not be listed. */
    readonly problem: string;
    /** Everything that the writer wrote until then is in one; 0 when nothing is known. */
    readonly savedAt: number;
  };
  readonly certificate: { readonly kind: string; readonly issuer: string; readonly notAfter: number } | null;
  /** What the writer has asked of its certificates' issuer; null where it does not tell. */
  readonly issuer: Issuer | null;
  /** A month of this environment's machines and of all images, and of what nothing needs of both; anny-bluegreen cost has the rest. */
  readonly cost: StatusCost;
  /** The command that runs right now, if one does. */
  readonly running: RunningView | null;
  /** The command that was cut off last, if what followed has not put that in order. */
  readonly interrupted: RunningView | null;
  readonly now: number;
  readonly next: NextStep;
}

export interface StatusCost {
  readonly machinesMonthlyUsd: number;
  readonly imagesMonthlyUsd: number;
  readonly removableMonthlyUsd: number;
}

export interface RunningView {
  readonly operation: string;
  readonly command: string;
  readonly reason: string;
  readonly holder: string;
  readonly since: number;
}

export interface MachineView {
  readonly release: string;
  readonly slot: string;
  readonly address: string;
  readonly role: string;
  readonly image: string;
  readonly since: number;
  readonly app: string;
  readonly detail: string;
  readonly keepUntil: number;
}

export async function statusOf(context: Context, world: World): Promise<StatusView> {
  const { settings, cloud } = context;
  const [seen, plans] = await Promise.all([examine(context, world), cloud.plans()]);
  const { situation, backups, claims, nowSeconds: now } = seen;
  const writer = situation.kind === 'live' ? situation.writer : undefined;
  const machines = [...world.answering, ...world.silent];
  return {
    environment: settings.environment,
    name: settings.publicName,
    situation: situation.kind,
    writer: writer?.tags.release ?? null,
    machines: machines.map(machineView),
    record: world.record?.data ?? null,
    reservedIp: viewReservedIp(world),
    nameServers: world.nameAnswers.map((answer) => ({
      server: answer.server,
      says: answer.problem ?? answer.addresses.join(', '),
      right: writer !== undefined && leadsTo(answer, addressFor(world, writer)),
    })),
    backups: {
      ...{ configured: backups.configured, offMachine: backups.offMachine, problem: backups.problem },
      newest: backups.files[0] ?? null,
      proof: backups.proof ?? null,
      savedAt: writer === undefined ? 0 : savedAt(writer),
    },
    certificate: writer?.status.certificate ?? null,
    issuer: writer?.status.issuer ?? null,
    cost: costOf(seen, plans, pricesOf(settings.config)),
    running: viewClaim(runningIn(claims)),
    interrupted: viewClaim(interruptedIn(claims)),
    now,
    next: nextStep(seen),
  };
}

function costOf(seen: Observations, plans: readonly Plan[], prices: Prices): StatusCost {
  const { own, shared, removable } = billOf(seen.environment, [
    ...machineItems(seen, plans),
    ...snapshotItems(seen, prices),
  ]).monthlyUsd;
  return { machinesMonthlyUsd: own, imagesMonthlyUsd: shared, removableMonthlyUsd: removable };
}

function viewReservedIp({ reservedIp, answering, silent }: World): StatusView['reservedIp'] {
  if (reservedIp === undefined) return null;
  const holder = [...answering, ...silent].find((one) => isHolder(reservedIp, one));
  return { address: reservedIp.address, attachedTo: holder?.tags.release ?? reservedIp.attachedTo ?? null };
}

/** By this computer's clock. */
function savedAt({ status, askedAt }: Answering): number {
  return status.savedAt === 0 ? 0 : askedAt - (status.now - status.savedAt);
}

function viewClaim(listed: ListedClaim | undefined): RunningView | null {
  if (listed === undefined) return null;
  const { operation, command, reason, since } = listed.claim;
  return { operation, command, reason, holder: holderOf(listed.claim), since: Math.round(since / 1000) };
}

function machineView(machine: Answering | World['silent'][number]): MachineView {
  const { tags, address } = machine;
  const common = { release: tags.release, slot: tags.slot, address, image: tags.image, keepUntil: tags.keepUntil };
  if (!('box' in machine)) {
    return { ...common, role: 'silent', since: 0, app: '', detail: machine.problem };
  }
  const { status } = machine;
  const detail = [
    ...(status.role === 'relay' ? [`to ${status.relayTo}, ${describeRelayed(status.relayed)}`] : []),
    ...(status.held ? ['requests are held'] : []),
    ...(status.takeover.from === '' ? [] : [`took over from ${status.takeover.from}`]),
    ...status.failedUnits.map((unit) => `${unit} failed`),
  ].join('; ');
  return { ...common, role: status.role, since: status.since, app: status.app.running ? 'running' : 'stopped', detail };
}

function describeRelayed({ requests, writes, open }: Answering['status']['relayed']): string {
  const underWay = open > 0 ? `, ${open} under way` : '';
  return `${requests} requests relayed (${writes} writes)${underWay}`;
}
