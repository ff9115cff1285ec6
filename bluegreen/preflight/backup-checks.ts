import { isIP } from 'node:net';
import { AnnyError } from '../../operation/errors.ts';
import { age } from '../age.ts';
import { hostOf } from '../restic/repository.ts';
import { blocks, type Check, ok, type Seen, unknown, warning } from './check.ts';
import { type Ground, inAccount } from './ground.ts';

/** Whether backups can be made, read from here, and outlive the machine that they are of. */
export function backupChecks(ground: Ground): readonly Check[] {
  return [
    { name: 'backups', look: () => repository(ground) },
    { name: 'backup place', look: () => inAccount(ground, () => place(ground)) },
  ];
}

async function repository({ backups, settings, clock }: Ground): Promise<Seen> {
  if (!backups.configured) {
    return warning(
      'backup.repository is empty: a machine that is lost takes its data with it',
      'docs/backups.md says where they can go',
    );
  }
  if (!backups.offMachine) return ok('a path on the machine: nothing to read from here');
  try {
    const { backups: files } = await backups.list();
    const [newest] = files;
    if (newest === undefined)
      return ok('the repository answers; it holds none yet, so that nothing tells whether the password is right');
    return ok(
      `the repository opens with the password; ${files.length} in it, the newest ${age(clock.now() / 1000 - newest.at)} old`,
    );
  } catch (error) {
    if (!(error instanceof AnnyError) || error.code !== 'BACKUP_UNREADABLE') throw error;
    return blocks(
      `${settings.config.backup.repository} does not open from this computer: ${error.found}`,
      'check ANNY_BACKUP_PASSWORD and the credentials in .env, and the address; a place that only machines reach cannot be read or restored by name from here',
    );
  }
}

async function place({ settings, cloud, addressesOf }: Ground): Promise<Seen> {
  const { repository: address } = settings.config.backup;
  if (address === '') return ok('none is configured');
  const next = 'set backup.repository to a place that outlives every machine: s3:…, sftp:… or rest:… of another host';
  if (address.startsWith('/')) return warning(`${address} is on the machine that it protects, and gone with it`, next);
  const host = hostOf(address);
  const at = isIP(host) === 0 ? await addressesOf(host) : [host];
  const [machines, reserved] = await Promise.all([cloud.instances(), cloud.reservedIps()]);
  const own = machines.filter(({ tags }) => tags.includes('anny'));
  const ids = new Set(own.map(({ id }) => id));
  const theirs = reserved.filter(({ attachedTo }) => attachedTo !== undefined && ids.has(attachedTo));
  const known = new Set([...own, ...theirs].map((one) => one.address));
  if (host === settings.publicName || at.some((one) => known.has(one)))
    return warning(`${host} is one of the machines that it protects: their loss takes the backups with them`, next);
  if (at.length === 0)
    return unknown(`this computer does not find ${host}, so nothing tells whose it is`, 'check backup.repository');
  return ok(`${host} is none of the machines`);
}
