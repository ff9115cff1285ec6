import { age } from '../age.ts';
import { promisedSeconds } from '../backup-schedule.ts';
import { type Finding, fix, look, NO_REPAIR } from './finding.ts';
import type { Observations } from './observations.ts';

/** What would be left if the writer were lost: backups, and an image to bring up. */
export function safetyFindings(seen: Observations): readonly Finding[] {
  if (seen.situation.kind === 'empty') return [];
  return [...backups(seen), ...schedule(seen), ...image(seen)];
}

/** The machine's own timer, and what came of it. */
function schedule({ backups: { configured, schedule }, situation }: Observations): Finding[] {
  if (!configured || situation.kind !== 'live') return [];
  const { tags, status } = situation.writer;
  const old = status.now - Math.max(status.lastBackupAt, status.since);
  if (old <= promisedSeconds(schedule)) return [];
  return [
    {
      code: 'backup-not-made',
      severity: 'warning',
      found: `${tags.release} has made no backup for ${age(old)}, and backup.schedule promises one ${schedule}`,
      means: 'its timer does not run, or the backup fails',
      repair: look(`anny-bluegreen ssh ${tags.release} -- systemctl status anny-backup.timer anny-backup.service`),
    },
  ];
}

function backups({ backups: { configured, files, schedule }, situation, nowSeconds }: Observations): Finding[] {
  const lost = 'if the machine is lost, so is what was written since';
  if (!configured) {
    return [
      {
        code: 'backup-none',
        severity: 'warning',
        found: 'backup.recipients is empty: there are no backups',
        means: 'if the machine is lost, so is everything; age-keygen makes a key, its public half goes to config.yaml',
        repair: look('anny-bluegreen config get backup.recipients'),
      },
    ];
  }
  const [newest] = files;
  const { now, lastBackupAt } = situation.kind === 'live' ? situation.writer.status : { now: 0, lastBackupAt: 0 };
  const there = lastBackupAt === 0 ? 'none on the machine' : `the machine's own is ${age(now - lastBackupAt)} old`;
  const repair = situation.kind === 'live' ? fix({ kind: 'backup' }) : NO_REPAIR;
  if (newest === undefined) {
    const found = `there is no backup off the machine (backup.store); ${there}`;
    return [{ code: 'backup-missing', severity: 'critical', found, means: lost, repair }];
  }
  if (nowSeconds - newest.at <= promisedSeconds(schedule)) return [];
  const found = `the newest backup off the machine is ${age(nowSeconds - newest.at)} old, and backup.schedule promises one ${schedule}; ${there}`;
  return [{ code: 'backup-stale', severity: 'warning', found, means: lost, repair }];
}

function image({ images, situation }: Observations): Finding[] {
  if (situation.kind !== 'live') return [];
  const { tags } = situation.writer;
  const tested = images.filter(({ stage, complete }) => stage === 'tested' && complete);
  if (tested.some(({ digest }) => digest.startsWith(tags.image))) return [];
  const next = tested[0] === undefined ? 'there is no other' : `restore would take ${tested[0].digest.slice(0, 12)}`;
  return [
    {
      code: 'image-gone',
      severity: 'warning',
      found: `the account has no tested image ${tags.image} any more, which ${tags.release} was made from`,
      means: `were the machine lost, the same could not be brought up again; ${next}`,
      repair: look('anny-image list'),
    },
  ];
}
