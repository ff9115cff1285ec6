import { backupName } from '../../../bluegreen/backups.ts';
import type { HistoryEntry, MadeBackup, Manifest } from '../../../machine/box.ts';
import { copyOf, type Writes } from '../writes.ts';
import { leadsHere } from './boot.ts';
import {
  type CertificateAnswer,
  die,
  historyGeneration,
  type Machine,
  manifestOf,
  NO_TAKEOVER,
  pause,
  remember,
  requireRole,
  requireRoom,
  seconds,
} from './machine.ts';

/** What a snapshot holds. */
export interface Archive {
  readonly state: Writes;
  readonly history: readonly HistoryEntry[];
  readonly issuedUntil: number;
}

export async function backup(machine: Machine): Promise<MadeBackup> {
  requireRole(machine, 'writer');
  if (machine.memory.holdUntil > 0) die(machine, 'a handover is under way');
  requireRoom(machine);
  const copied = copy(machine);
  await pause(machine, 100, 1_000);
  return keep(machine, copied);
}

/** Soon after the data has changed, and with nobody who waits for it. */
export async function backupChanges(machine: Machine): Promise<void> {
  const { disk, memory, world } = machine;
  if (disk.role !== 'writer' || memory.holdUntil > 0 || world.timeline.now() < machine.fullUntil) return;
  const copied = copy(machine);
  const { acceptedBy } = world.ledger;
  await pause(machine, 500, 4_000);
  keep(machine, copied);
  if (acceptedBy === machine.address) world.ledger.saved = copied.archive.state;
}

interface Copied {
  readonly at: number;
  readonly generation: number;
  readonly archive: Archive;
}

function copy(machine: Machine): Copied {
  const { history, issuedUntil, generation, state } = machine.disk;
  return { at: seconds(machine), generation, archive: { state: copyOf(state), history, issuedUntil } };
}

/** Whatever it has become meanwhile: it is a snapshot of the writer that it was. */
function keep({ world, disk }: Machine, { at, generation, archive }: Copied): MadeBackup {
  const id = world.archives.size.toString(16).padStart(8, '0');
  world.archives.set(id, archive);
  const { release } = disk;
  const manifest = manifestOf(archive.state);
  disk.backups += 1;
  const sequence = disk.backups;
  world.store.push({ name: backupName(at, id), id, at, release, generation, sequence, bytes: manifest.bytes });
  disk.lastBackupAt = at;
  disk.savedAt = at;
  return { id, at, release, generation, sequence, ...manifest };
}

export async function restore(machine: Machine, id: string): Promise<Manifest> {
  requireRole(machine, 'candidate');
  if (machine.memory.appRunning) die(machine, 'the app runs on this machine');
  await pause(machine, 200, 2_000);
  requireRoom(machine);
  const archive = machine.world.archives.get(id);
  if (archive === undefined || machine.world.rotten.has(id)) die(machine, `snapshot ${id} is not what was put into it`);
  const { state, history, issuedUntil } = archive;
  const generation = historyGeneration(history);
  Object.assign(machine.disk, { history, generation, ...NO_TAKEOVER });
  machine.memory.beside = '';
  if (issuedUntil > 0) machine.disk.issuedUntil = issuedUntil;
  machine.disk.state = copyOf(state);
  remember(machine, 'restored');
  return manifestOf(state);
}

const VALID_SECONDS = 90 * 86_400;

/** HTTP-01: the issuer must reach this machine by the name. */
export async function certificate(machine: Machine): Promise<CertificateAnswer> {
  requireRole(machine, 'writer');
  await pause(machine, 1_000, 4_000);
  if (!leadsHere(machine)) die(machine, 'no certificate: the name does not lead here');
  requireRoom(machine);
  machine.disk.issuedUntil = seconds(machine) + VALID_SECONDS;
  return certificateOf(machine);
}

export function certificateOf({ disk }: Machine): CertificateAnswer {
  const kind = disk.issuedUntil > 0 ? 'issued' : 'placeholder';
  return { kind, name: 'app.example.com', issuer: 'Simulated CA', notAfter: disk.issuedUntil };
}
