import { age } from '../age.ts';
import { promisedSeconds } from '../backup-schedule.ts';
import { decide, type Finding, fix, look, NO_REPAIR } from './finding.ts';
import type { Observations } from './observations.ts';

/** What would be left if the writer were lost: backups, and an image to bring up. */
export function safetyFindings(seen: Observations): readonly Finding[] {
  if (seen.situation.kind === 'empty') return [];
  return [...backups(seen), ...timers(seen), ...unproved(seen), ...image(seen)];
}

/** Backups follow the data by about a minute; this long after it something is wrong. */
const BEHIND_SECONDS = 15 * 60;
/** The writer looks after the repository once a week. */
const CHECK_SECONDS = 9 * 86_400;

/** What the machine's own timers have come to. */
function timers({ backups: { configured }, situation }: Observations): Finding[] {
  if (!configured || situation.kind !== 'live') return [];
  const { tags, status } = situation.writer;
  const ago = (at: number): number => status.now - Math.max(at, status.since);
  const units = (name: string) => look(`anny-bluegreen ssh ${tags.release} -- systemctl status ${name}.timer ${name}`);
  const behind: Finding = {
    code: 'backup-behind',
    severity: 'warning',
    found: `what was written on ${tags.release} in the last ${age(ago(status.savedAt))} may be in no backup`,
    means: 'its timer does not run, or the backup fails; if the machine is lost, so are those writes',
    repair: units('anny-changes'),
  };
  const unchecked: Finding = {
    code: 'repository-unchecked',
    severity: 'warning',
    found: `${tags.release} has not found the backup repository in order for ${age(ago(status.checkedAt))}`,
    means: 'old backups are not forgotten, or the repository is damaged',
    repair: units('anny-tend'),
  };
  return [
    ...(ago(status.savedAt) > BEHIND_SECONDS ? [behind] : []),
    ...(ago(status.checkedAt) > CHECK_SECONDS ? [unchecked] : []),
  ];
}

/** So long after the last proof nobody knows any more. */
const PROVED_SECONDS = 45 * 86_400;

function unproved({ backups: { proof, files }, situation, nowSeconds }: Observations): Finding[] {
  if (situation.kind !== 'live' || files.length === 0) return [];
  const { since, now } = situation.writer.status;
  const old = Math.min(nowSeconds - (proof?.at ?? 0), now - since);
  if (old <= PROVED_SECONDS) return [];
  return [
    {
      code: 'backup-unproved',
      severity: 'warning',
      found: `no backup has been restored for ${age(old)}`,
      means: 'that it would come back is hoped, not known; a drill tries it on a machine of its own, for some minutes',
      repair: decide('anny-bluegreen drill'),
    },
  ];
}

const LOST = 'if the machine is lost, so is what was written since';

function backups(seen: Observations): Finding[] {
  const { configured, offMachine, problem } = seen.backups;
  const warning = (code: string, found: string, means: string, command: string): Finding[] => [
    { code, severity: 'warning', found, means, repair: look(command) },
  ];
  const where = 'anny-bluegreen config get backup.repository';
  if (!configured) {
    const means = 'if the machine is lost, so is everything; config.yaml says where backups are to go';
    return warning('backup-none', 'backup.repository is empty: there are no backups', means, where);
  }
  if (!offMachine) {
    const means = 'if the machine is lost, so are they: s3:…, sftp:… and rest:… are places off it';
    return warning('backup-on-machine', 'backup.repository lies on the machine that it protects', means, where);
  }
  if (problem !== '') {
    const means = 'whether there is a backup is not known, and a restore from here would not find it either';
    return warning(
      'backup-unreadable',
      `the backups cannot be listed: ${problem}`,
      means,
      'anny-bluegreen backup list',
    );
  }
  return freshness(seen);
}

function freshness({ backups: { files, schedule }, situation, nowSeconds }: Observations): Finding[] {
  const [newest] = files;
  const repair = situation.kind === 'live' ? fix({ kind: 'backup' }) : NO_REPAIR;
  if (newest === undefined) {
    const found = 'there is no backup in backup.repository';
    return [{ code: 'backup-missing', severity: 'critical', found, means: LOST, repair }];
  }
  if (nowSeconds - newest.at <= promisedSeconds(schedule)) return [];
  const found = `the newest backup is ${age(nowSeconds - newest.at)} old, and backup.schedule promises one ${schedule}`;
  return [{ code: 'backup-stale', severity: 'warning', found, means: LOST, repair }];
}

function image({ images, situation }: Observations): Finding[] {
  if (situation.kind !== 'live') return [];
  const { tags } = situation.writer;
  const tested = images.filter(({ stage, complete }) => stage === 'tested' && complete);
  if (tested.some(({ digest }) => digest.startsWith(tags.image))) return [];
  return [
    {
      code: 'image-gone',
      severity: 'warning',
      found: `the account has no tested image ${tags.image} any more, which ${tags.release} was made from`,
      means:
        'were the machine lost, the same could not be brought up again: restore would take another one, where there is one',
      repair: look('anny-image list'),
    },
  ];
}
