import type { Backup, Proof } from '../../bluegreen/backups.ts';
import { describeImage } from '../../builder/catalog.ts';
import type { InstanceId, Snapshot, SnapshotId } from '../../cloud/cloud.ts';
import type { JournalEntry } from '../../operation/journal.ts';
import { type NoteStore, noteStore } from '../cloud/note-store.ts';
import type { Rented } from './account.ts';
import type { Archive } from './box/backup.ts';
import type { Machine, Temper } from './box/machine.ts';
import { type Ledger, ledger } from './ledger.ts';
import { type Random, seeded } from './random.ts';
import { type Task, type Timeline, timeline } from './timeline.ts';
import { type Zone, zone } from './zone.ts';

export interface SimulatedImage {
  readonly snapshotId: SnapshotId;
  readonly digest: string;
  readonly temper: Temper;
}

/** Everything that exists outside of a command: it stays when a command is killed. */
export interface World {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly zone: Zone;
  readonly rented: Map<InstanceId, Rented>;
  readonly machines: Machine[];
  readonly images: SimulatedImage[];
  readonly snapshots: Snapshot[];
  readonly notes: NoteStore;
  /** Contents of backups by their id. */
  readonly archives: Map<string, Archive>;
  /** The repository. */
  readonly store: Backup[];
  readonly proofs: Proof[];
  /** Ids of backups in it that have rotted. */
  readonly rotten: Set<string>;
  readonly backups: boolean;
  /** Writers make a backup soon after their data has changed. */
  readonly follows: boolean;
  readonly smoke: boolean;
  readonly hooks: boolean;
  /** Share of probes that fail for no reason. */
  readonly flakes: number;
  /** Clocks are minutes apart: each machine's, each operator's. */
  readonly skewed: boolean;
  /** Traffic comes by a reserved IP: to whichever machine it is attached. */
  byReservedIp: boolean;
  readonly reservedIp: { readonly address: string; region: string; label: string; attachedTo: InstanceId | undefined };
  /** Detaches and attaches so far. */
  reservedIpMoves: number;
  readonly ledger: Ledger;
  /** What resolvers that keep to the TTL know, and until when. */
  readonly resolvers: { address: string; until: number }[];
  readonly story: string[];
  /** Processes of operators that have not ended. */
  readonly living: Set<string>;
  /** What nobody can kill. */
  readonly forever: Task;
  /** When the last line was told: something happens. */
  toldAt: number;
  /** What operators have changed so far, in their turns and after them; and whose turn it is. */
  readonly changes: { made: number; late: number; turn: number };
  /** The release that somebody wants destroyed, whatever is on it. */
  forced: string | undefined;
  /** What the account's API does to everybody. */
  readonly weather: {
    throttledUntil: number;
    downUntil: number;
    /** Until then each answer takes so long that claims are renewed late. */
    slowUntil: number;
    /** The next machine never comes up. */
    stillborn: boolean;
    /** One name server takes the next change of the record over long after the other. */
    serverLateMs: readonly [number, number] | undefined;
    /** The next detach is answered long before it is one. */
    detachLate: boolean;
  };
  /** Nothing breaks any more. */
  calm: boolean;
  tell(line: string): void;
  /** How far a computer's clock is ahead, in milliseconds. */
  skewOf(computer: string): number;
  /** Its clock is set, by minutes, while commands run. */
  jump(computer: string): void;
  /** The sum of all jumps: what is told by clocks is only as good. */
  jumpedMs: number;
  /** What a computer's disk has of the operations that ran on it. */
  journalOf(computer: string): JournalEntry[];
  /** Who answers there; at the reserved address nobody whose system does not know of it. */
  machineAt(address: string): Machine | undefined;
  /** Where the reserved IP leads. */
  holder(): Machine | undefined;
  nextNumber(): number;
}

/** How far a clock may be off. */
export const SKEW_MS = [-240_000, 240_000] as const;

/** What a directed story decides itself. */
export type Decided = Partial<
  Pick<World, 'backups' | 'follows' | 'smoke' | 'hooks' | 'flakes' | 'skewed' | 'byReservedIp'>
>;

export function newWorld(seed: number, decided: Decided = {}): World {
  const random = seeded(seed);
  const time = timeline();
  const begun = time.now();
  const machines: Machine[] = [];
  const story: string[] = [];
  const skews = new Map<string, number>();
  const journals = new Map<string, JournalEntry[]>();
  let number = 0;
  return {
    seed,
    timeline: time,
    random,
    zone: zone(time, random, random.pick([1_000, 5_000, 30_000, 120_000])),
    rented: new Map(),
    machines,
    images: [],
    snapshots: [],
    notes: noteStore(),
    archives: new Map(),
    store: [],
    proofs: [],
    rotten: new Set(),
    backups: random.chance(0.7),
    follows: random.chance(0.8),
    smoke: random.chance(0.3),
    hooks: random.chance(0.3),
    flakes: random.pick([0, 0, 0.02]),
    skewed: decided.skewed ?? random.chance(0.4),
    // One story in four.
    byReservedIp: seed % 4 === 3,
    ...decided,
    reservedIp: { address: '203.0.113.7', region: 'ewr', label: 'anny-simulated', attachedTo: undefined },
    reservedIpMoves: 0,
    ledger: ledger(),
    resolvers: [],
    story,
    living: new Set(),
    forever: { alive: true },
    toldAt: begun,
    changes: { made: 0, late: 0, turn: 0 },
    forced: undefined,
    weather: {
      throttledUntil: 0,
      downUntil: 0,
      slowUntil: 0,
      stillborn: false,
      serverLateMs: undefined,
      detachLate: false,
    },
    calm: false,
    tell(line) {
      this.toldAt = time.now();
      story.push(`${((time.now() - begun) / 1000).toFixed(1).padStart(8)}  ${line}`);
    },
    skewOf(computer) {
      const known = skews.get(computer) ?? (this.skewed ? random.int(...SKEW_MS) : 0);
      skews.set(computer, known);
      return known;
    },
    jump(computer) {
      const ms = random.int(...SKEW_MS);
      skews.set(computer, this.skewOf(computer) + ms);
      this.jumpedMs += Math.abs(ms);
    },
    jumpedMs: 0,
    journalOf: (computer) => {
      const known = journals.get(computer) ?? [];
      journals.set(computer, known);
      return known;
    },
    machineAt(address) {
      if (address !== this.reservedIp.address) return machines.find((machine) => machine.address === address);
      const holder = this.holder();
      return holder?.disk.answersAt === address ? holder : undefined;
    },
    holder() {
      const { attachedTo } = this.reservedIp;
      return attachedTo === undefined ? undefined : this.rented.get(attachedTo)?.machine;
    },
    nextNumber: () => {
      number += 1;
      return number;
    },
  };
}

/** A new tested image in the account. */
export function bake(world: World, temper: Temper): void {
  const digest = world.random.hex(32);
  const snapshotId = `snapshot-${world.snapshots.length}` as SnapshotId;
  const description = describeImage({ name: 'anny', digest, stage: 'tested', parent: 'os', operation: 'bake' });
  const createdAt = new Date(world.timeline.now()).toISOString();
  world.images.push({ snapshotId, digest, temper });
  world.snapshots.push({
    id: snapshotId,
    description,
    status: 'complete',
    createdAt,
    sizeBytes: 1e9,
    storedBytes: 1e9,
  });
  world.tell(`image ${digest.slice(0, 12)} is baked${temper === 'good' ? '' : `, its app is ${temper}`}`);
}
