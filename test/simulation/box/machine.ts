import type { BoxStatus, HistoryEntry, Manifest, Role } from '../../../machine/box.ts';
import { AnnyError } from '../../../operation/errors.ts';
import type { Task } from '../timeline.ts';
import type { HeldRequest } from '../traffic.ts';
import type { World } from '../world.ts';
import { noWrites, type Writes } from '../writes.ts';
import type { Answered } from './traffic.ts';

/** What an image makes of its app: one that never comes up, falls ill once it serves, or is well for its health path alone. */
export type Temper = 'good' | 'never healthy' | 'ill when it serves' | 'errs under traffic' | 'slow under traffic';

/** What survives a reboot: the role file, the state, and what else anny-box keeps on the disk. */
export interface Disk {
  role: Role;
  release: string;
  slot: 'blue' | 'green' | '';
  since: number;
  generation: number;
  wrote: number;
  relayTo: string;
  takeoverFrom: string;
  takeoverAt: number;
  takeoverDigest: string;
  /** A take-over that was not committed left newer data here than this relay handed over. Luck, and not to be told from outside. */
  luckier: boolean;
  history: readonly HistoryEntry[];
  /** The app's data: the numbers of the writes that it has. */
  state: Writes;
  /** What the state was when it became a relay, in one checksum. */
  handedOver: number;
  /** What a relay has pulled ahead. */
  ahead: Writes | undefined;
  /** What the state was before a take-over of which nobody knows yet whether it succeeds. */
  before: Writes | undefined;
  issuedUntil: number;
  lastBackupAt: number;
  savedAt: number;
  backups: number;
  relayed: { requests: number; lastAt: number; writes: number };
  peerWrites: BoxStatus['peerWrites'];
  pullKey: string;
  /** The reserved address that it answers at too; "" for none. */
  answersAt: string;
  /** Highest token of a lease that it has seen, as far as there was room for it. */
  lease: number;
}

/** What a reboot takes away: flags that nginx tests, the app, the lock, the dead man's timer. */
export interface Memory {
  up: boolean;
  /** Since when. */
  upAt: number;
  appRunning: boolean;
  mode: { writer: boolean; hold: boolean; relay: boolean };
  readonly takeover: Set<string>;
  readonly passes: Set<string>;
  admitted: string;
  /** When the hold is over; 0 when not held. */
  holdUntil: number;
  quiesced: Manifest | undefined;
  /** From where history and certificate were pulled, and what they were. */
  beside: string;
  held: HeldRequest[];
  /** Until then it lets nobody knock at the reserved address. */
  leavingUntil: number;
  /** Long requests that this relay is passing on. */
  open: number;
  /** The image's timers and workers run. */
  jobs: boolean;
  locked: boolean;
  readonly waiting: (() => void)[];
  bootId: string;
  lease: number;
}

export interface Machine {
  readonly address: string;
  readonly hostPublicKey: string;
  readonly fingerprint: string;
  readonly digest: string;
  readonly temper: Temper;
  readonly world: World;
  disk: Disk;
  memory: Memory;
  /** How far its clock is ahead. */
  skewMs: number;
  power: 'running' | 'stopped' | 'starting';
  /** The life between two boots. */
  task: Task;
  /** Its hardware is gone: it never comes back. */
  dead: boolean;
  /** The operator cannot reach it until then; clients and other machines can. */
  cutUntil: number;
  fullUntil: number;
  /** The next copy of a state leaves the newest write out and does not notice. */
  tornPull: boolean;
  /** What breaks when the machine goes away: connections that wait for an answer. */
  readonly broken: Set<() => void>;
  /** Nginx's log: what clients got, oldest first. */
  readonly answered: Answered[];
}

export const NOTHING_RELAYED = { requests: 0, lastAt: 0, writes: 0 };
export const NO_TAKEOVER = { takeoverFrom: '', takeoverAt: 0, takeoverDigest: '' };

export function freshDisk(): Disk {
  return {
    role: 'none',
    release: '',
    slot: '',
    since: 0,
    generation: 0,
    wrote: 0,
    relayTo: '',
    ...NO_TAKEOVER,
    luckier: false,
    history: [],
    state: noWrites(),
    handedOver: 0,
    ahead: undefined,
    before: undefined,
    issuedUntil: 0,
    lastBackupAt: 0,
    savedAt: 0,
    backups: 0,
    relayed: { ...NOTHING_RELAYED },
    peerWrites: null,
    pullKey: '',
    answersAt: '',
    lease: 0,
  };
}

export function emptyMemory(bootId: string): Memory {
  return {
    up: false,
    upAt: 0,
    appRunning: false,
    mode: { writer: false, hold: false, relay: false },
    takeover: new Set(),
    passes: new Set(),
    admitted: '',
    holdUntil: 0,
    quiesced: undefined,
    beside: '',
    held: [],
    leavingUntil: 0,
    open: 0,
    jobs: false,
    locked: false,
    waiting: [],
    bootId,
    lease: 0,
  };
}

/** By its own clock. */
export function seconds(machine: Machine): number {
  return Math.floor((machine.world.timeline.now() + machine.skewMs) / 1000);
}

/** Time passes on this machine; when it goes off meanwhile, what waits never goes on. */
export function pause(machine: Machine, minMs: number, maxMs = minMs): Promise<void> {
  const { timeline, random } = machine.world;
  return timeline.sleep(machine.task, random.int(minMs, maxMs));
}

export function die(machine: Machine, found: string): never {
  throw new AnnyError('BOX_FAILED', { doing: `anny-box on ${machine.address}`, found, next: 'as anny-box says' });
}

export function requireRole(machine: Machine, ...roles: Role[]): void {
  if (!roles.includes(machine.disk.role))
    die(machine, `this machine is a ${machine.disk.role}, not ${roles.join('|')}`);
}

export function requireRoom(machine: Machine): void {
  if (machine.world.timeline.now() < machine.fullUntil) die(machine, 'the disk is full');
}

/** One atomic write of the role file: the new role, or the old one untouched. */
export function become(machine: Machine, role: Role, change: Partial<Disk> = {}): void {
  requireRoom(machine);
  const before = machine.disk.role;
  const since = role === before ? machine.disk.since : seconds(machine);
  Object.assign(machine.disk, change, { role, since, luckier: role === before && machine.disk.luckier });
  machine.world.tell(`${machine.address} ${before} -> ${role}${role === 'relay' ? ` to ${machine.disk.relayTo}` : ''}`);
}

/** One line in the history that travels with the state; the same event is not written twice. */
export function remember(machine: Machine, event: HistoryEntry['event']): void {
  const { disk } = machine;
  const { release, slot, generation } = disk;
  const known = disk.history.some(
    (one) => one.event === event && one.generation === generation && one.release === release,
  );
  if (known) return;
  const entry = { at: seconds(machine), event, release, slot, image: machine.digest, generation };
  disk.history = [...disk.history, { ...entry, address: machine.address }];
}

export function historyGeneration(history: readonly HistoryEntry[]): number {
  return Math.max(0, ...history.map(({ generation }) => generation));
}

export function manifestOf({ sum, count }: Writes): Manifest {
  return { digest: sum.toString(16).padStart(64, '0'), files: 1, bytes: count };
}

/** What travels with the state, in one checksum. */
export function besideOf({ history, issuedUntil }: Pick<Disk, 'history' | 'issuedUntil'>): string {
  return `${history.length} ${history.at(-1)?.at} ${issuedUntil}`;
}

export type CertificateAnswer = BoxStatus['certificate'];
