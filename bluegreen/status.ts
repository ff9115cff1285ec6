import type { BackupFile } from './backups.ts';
import type { Context } from './context.ts';
import type { World } from './observe.ts';
import type { Answering, Release } from './release.ts';
import { retireRules } from './retire.ts';
import { dueStandbys, type RetireRules } from './retirement.ts';
import { judge, type Situation } from './situation.ts';
import { leadsTo } from './switch.ts';

/** Answer of `status`; as JSON it is printed as it is. Times in seconds since the epoch. */
export interface StatusView {
  readonly environment: string;
  readonly name: string;
  readonly situation: Situation['kind'];
  readonly writer: string | null;
  readonly machines: readonly MachineView[];
  readonly record: string | null;
  readonly nameServers: readonly { readonly server: string; readonly says: string; readonly right: boolean }[];
  readonly backups: { readonly configured: boolean; readonly newest: BackupFile | null; readonly onMachineAt: number };
  readonly certificate: { readonly kind: string; readonly issuer: string; readonly notAfter: number } | null;
  readonly monthlyCostUsd: number;
  readonly now: number;
  readonly next: { readonly command: string; readonly why: string };
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
  const { settings, backups, cloud, operation } = context;
  const situation = judge(world);
  const writer = situation.kind === 'live' ? situation.writer : undefined;
  const [files, plans] = await Promise.all([backups.list(), cloud.plans()]);
  const machines = [...world.answering, ...world.silent];
  const monthly = (one: Release): number => plans.find(({ id }) => id === one.instance.plan)?.monthlyCostUsd ?? 0;
  const now = Math.round(operation.clock.now() / 1000);
  return {
    environment: settings.environment,
    name: settings.publicName,
    situation: situation.kind,
    writer: writer?.tags.release ?? null,
    machines: machines.map(machineView),
    record: world.record?.data ?? null,
    nameServers: world.nameAnswers.map((answer) => ({
      server: answer.server,
      says: answer.problem ?? answer.addresses.join(', '),
      right: writer !== undefined && leadsTo(answer, writer.address),
    })),
    backups: {
      configured: backups.configured,
      newest: files[0] ?? null,
      onMachineAt: writer?.status.lastBackupAt ?? 0,
    },
    certificate: writer?.status.certificate ?? null,
    monthlyCostUsd: machines.reduce((sum, one) => sum + monthly(one), 0),
    now,
    next: nextCommand(situation, world, now, retireRules(context)),
  };
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

const DAY_SECONDS = 86_400;
const RENEW_SECONDS = 14 * DAY_SECONDS;

/** The one command that is sensible now, and why. */
export function nextCommand(situation: Situation, world: World, now: number, rules: RetireRules): StatusView['next'] {
  switch (situation.kind) {
    case 'empty':
      return { command: 'anny-bluegreen promote', why: 'nothing is live yet' };
    case 'two-writers':
      return {
        command: `anny-bluegreen ssh ${situation.writers[0]?.tags.release ?? ''} -- sudo anny-box status`,
        why: 'two machines say that they are the writer: choose one, fence the other',
      };
    case 'committed':
      return { command: 'anny-bluegreen promote', why: 'a handover was cut off after its commit: this finishes it' };
    case 'dark':
      return situation.standbys.some(({ status }) => status.role === 'relay')
        ? { command: 'anny-bluegreen rollback', why: 'the live machine does not answer; it says what would be lost' }
        : { command: 'anny-bluegreen restore', why: 'the live machine does not answer' };
    case 'live':
      return nextWhenLive(situation, world, now, rules);
  }
}

function nextWhenLive(
  live: Extract<Situation, { kind: 'live' }>,
  world: World,
  now: number,
  rules: RetireRules,
): StatusView['next'] {
  const { writer, strays, silent } = live;
  if (world.nameAnswers.some((answer) => !leadsTo(answer, writer.address))) {
    return { command: 'anny-bluegreen promote', why: 'the name does not lead to the writer everywhere: this mends it' };
  }
  const { certificate } = writer.status;
  if (certificate.kind !== 'issued' || certificate.notAfter - now < RENEW_SECONDS) {
    return { command: 'anny-bluegreen promote', why: 'the certificate is missing or near its end: this renews it' };
  }
  if (writer.tags.stage !== 'live') {
    return { command: 'anny-bluegreen promote', why: 'the account does not say yet who is live: this writes it down' };
  }
  const dead = silent[0];
  if (dead !== undefined) {
    return {
      command: `anny-bluegreen retire ${dead.tags.release} --force`,
      why: `${dead.tags.release} does not answer and costs money; look first whether it holds writes you need`,
    };
  }
  const stray = strays[0];
  if (stray !== undefined) {
    const force = 'box' in stray ? '' : ' --force';
    return { command: `anny-bluegreen retire ${stray.tags.release}${force}`, why: 'left by an interrupted command' };
  }
  if (dueStandbys(world, live, rules).some(({ stays }) => stays === undefined)) {
    return { command: 'anny-bluegreen retire', why: 'a standby is past its window, and its traffic has ended' };
  }
  return { command: 'anny-image build && anny-bluegreen promote', why: 'all is well; this is the next deploy' };
}
