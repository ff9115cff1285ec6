import { age } from '../age.ts';
import { describeAnswer, kindOf } from '../probe.ts';
import type { Answering } from '../release.ts';
import { wayBackOf } from '../retirement.ts';
import { decide, type Finding, fix, look, type Repair } from './finding.ts';
import type { Observations } from './observations.ts';

const MIB = 1024 * 1024;
const NEARLY_FULL_BYTES = 1024 * MIB;
const FULL_BYTES = 128 * MIB;
const SKEW_SECONDS = 30;

/** What the machines say of themselves: the app, their disks, units and clocks. */
export function machineFindings(seen: Observations): readonly Finding[] {
  const { situation, world } = seen;
  return [
    ...(situation.kind === 'live' ? app(seen, situation.writer) : []),
    ...world.answering.flatMap((one) => [...disk(one), ...units(one), ...clock(one)]),
  ];
}

function app(seen: Observations, { tags, status }: Answering): Finding[] {
  const { health } = seen;
  if (!status.app.running) {
    return [
      {
        code: 'app-stopped',
        severity: 'critical',
        found: `the app does not run on ${tags.release}, the writer`,
        means: 'users wait, or get errors; after a restart of the machine it takes some seconds',
        repair: fix({ kind: 'settle' }),
      },
    ];
  }
  if (status.held || health === undefined || kindOf(health) === 'good' || hasNoTls(seen)) return [];
  const ill = isIll(seen);
  return [
    {
      code: ill ? 'app-ill' : 'app-unasked',
      severity: ill ? 'critical' : 'warning',
      found: `asked three times for its health, ${tags.release} answers: ${describeAnswer(health)}`,
      means: ill
        ? `users get errors, and no command cures an app: "anny-bluegreen logs" says why; a rollback takes all data along`
        : 'this computer could not ask: look at its own network',
      repair: ill ? remedyOfIll(seen) : look(`anny-bluegreen logs ${tags.release}`),
    },
  ];
}

/** The writer's app runs, and answers badly. */
export function isIll({ situation, health }: Pick<Observations, 'situation' | 'health'>): boolean {
  if (situation.kind !== 'live' || health === undefined) return false;
  const { held, app } = situation.writer.status;
  return !held && app.running && kindOf(health) === 'bad' && !hasNoTls({ situation, health });
}

/** Without a certificate nothing could be asked by HTTPS: that says nothing of the app. */
function hasNoTls({ situation, health }: Pick<Observations, 'situation' | 'health'>): boolean {
  if (situation.kind !== 'live' || health === undefined) return false;
  return situation.writer.status.certificate.kind !== 'issued' && health.status === 0;
}

/** Back to what was there before, where there is something; whether that is better, only a person can say. */
export function remedyOfIll({ situation }: Observations): Repair {
  if (situation.kind === 'live' && wayBackOf(situation) !== undefined) return decide('anny-bluegreen rollback');
  return look('anny-bluegreen logs');
}

function disk({ tags, status }: Answering): Finding[] {
  if (status.diskFreeBytes >= NEARLY_FULL_BYTES) return [];
  return [
    {
      code: 'disk-full',
      severity: status.diskFreeBytes < FULL_BYTES ? 'critical' : 'warning',
      found: `${Math.floor(status.diskFreeBytes / MIB)} MiB are free on ${tags.release}`,
      means: 'a full disk stops the app, its backups and every handover',
      repair: look(`anny-bluegreen ssh ${tags.release} -- df -h`),
    },
  ];
}

function units({ tags, status }: Answering): Finding[] {
  if (status.failedUnits.length === 0) return [];
  return [
    {
      code: 'units-failed',
      severity: 'warning',
      found: `on ${tags.release} ${status.failedUnits.join(', ')} failed`,
      means: 'something that should run there does not',
      repair: look(`anny-bluegreen ssh ${tags.release} -- systemctl status ${status.failedUnits.join(' ')}`),
    },
  ];
}

function clock({ tags, status, askedAt }: Answering): Finding[] {
  const skew = status.now - askedAt;
  if (Math.abs(skew) <= SKEW_SECONDS) return [];
  return [
    {
      code: 'clock-skew',
      severity: 'warning',
      found: `the clock of ${tags.release} is ${age(Math.abs(skew))} ${skew > 0 ? 'ahead of' : 'behind'} the one of this computer`,
      means: 'one of the two is wrong: ages that are shown, certificates and schedules go by them',
      repair: look(`anny-bluegreen ssh ${tags.release} -- timedatectl`),
    },
  ];
}
