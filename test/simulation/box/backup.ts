import type { Readable } from 'node:stream';
import type { HistoryEntry, Manifest } from '../../../machine/box.ts';
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

/** What an archive holds; on its way it is only a key, since the content does not matter here. */
export interface Archive {
  readonly state: Writes;
  readonly history: readonly HistoryEntry[];
  readonly issuedUntil: number;
}

export interface MadeBackup {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly at: number;
}

export async function backup(machine: Machine): Promise<MadeBackup> {
  const { disk, memory, world } = machine;
  requireRole(machine, 'writer', 'relay');
  if (memory.holdUntil > 0) die(machine, 'a handover is under way');
  requireRoom(machine);
  const at = seconds(machine);
  await pause(machine, 100, 1_000);
  const key = `archive-${world.archives.size}`;
  world.archives.set(key, { state: copyOf(disk.state), history: disk.history, issuedUntil: disk.issuedUntil });
  disk.lastBackupAt = at;
  return { path: key, bytes: disk.state.count, sha256: key, at };
}

export async function restore(machine: Machine, stream: Readable): Promise<Manifest> {
  requireRole(machine, 'candidate');
  if (machine.memory.appRunning) die(machine, 'the app runs on this machine');
  let key = '';
  for await (const chunk of stream) key += String(chunk);
  await pause(machine, 200, 2_000);
  requireRoom(machine);
  const archive = machine.world.archives.get(key);
  if (archive === undefined) die(machine, 'this is no archive of anny-box backup');
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
