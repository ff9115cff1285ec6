import { type Backup, backupName } from '../../bluegreen/backups.ts';
import type { Observations } from '../../bluegreen/doctor/observations.ts';
import type { World } from '../../bluegreen/observe.ts';
import type { Answering, Release, Silent } from '../../bluegreen/release.ts';
import { judge } from '../../bluegreen/situation.ts';
import type { Stage } from '../../bluegreen/tags.ts';
import type { Image } from '../../builder/catalog.ts';
import type { InstanceId, RecordId, SnapshotId } from '../../cloud/cloud.ts';
import type { Box, BoxStatus, Role } from '../../machine/box.ts';

/** Observations for tests of what is decided from them. Nothing in them can be acted on. */
export const NOW_SECONDS = 1_767_225_600;
export const DIGEST = 'a'.repeat(64);
/** What the examples were made from. */
const LIVE_DIGEST = 'b'.repeat(64);

export const IMAGE: Image = {
  snapshotId: 'snapshot-1' as SnapshotId,
  name: 'anny',
  digest: DIGEST,
  stage: 'tested',
  parent: 'os',
  operation: 'bake',
  createdAt: '2026-01-01T00:00:00Z',
  sizeBytes: 1,
  storedBytes: 1,
  complete: true,
};

interface Like {
  readonly stage?: Stage;
  readonly image?: string;
  readonly keepUntil?: number;
  readonly aloneSince?: number;
  readonly lacksSince?: number;
  readonly cachedUntil?: number;
}

/** A release by number: machine 10.0.0.<number>, odd ones blue. */
export function release(number: number, like: Like = {}): Release {
  const slot = number % 2 === 1 ? 'blue' : 'green';
  const name = `${slot}-${number}`;
  const tags = {
    ...({ environment: 'test', operation: `op${number}`, release: name, slot, hostKey: 'SHA256:x' } as const),
    ...{ image: like.image ?? LIVE_DIGEST.slice(0, 12), stage: like.stage ?? 'live', keepUntil: like.keepUntil ?? 0 },
    ...{ aloneSince: like.aloneSince ?? 0, lacksSince: like.lacksSince ?? 0, cachedUntil: like.cachedUntil ?? 0 },
  };
  const address = `10.0.0.${number}`;
  const instance = {
    ...{ id: `instance-${number}` as InstanceId, label: name, hostname: name, tags: [], plan: 'p', region: 'r' },
    ...({ address, status: 'active', power: 'running', serverStatus: 'ok', snapshotId: undefined } as const),
    createdAt: `2026-01-01T00:00:0${number}Z`,
  };
  return { instance, tags, address };
}

export function silent(number: number, like: Like = {}): Silent {
  return { ...release(number, like), problem: 'no answer' };
}

export function answering(number: number, role: Role, status: Partial<BoxStatus> = {}, like: Like = {}): Answering {
  const one = release(number, like);
  const said: BoxStatus = {
    ...{ role, release: one.tags.release, slot: one.tags.slot, since: NOW_SECONDS - 600, generation: number },
    ...{ relayTo: '', held: false, holdUntil: 0, lastBackupAt: 0, bootId: '', uptimeSeconds: 1, diskFreeBytes: 1e10 },
    ...{ savedAt: NOW_SECONDS - 30, checkedAt: NOW_SECONDS - 86_400 },
    app: { running: role === 'writer', image: '', startedAt: '', restarts: 0 },
    image: { name: 'anny', digest: one.tags.image.padEnd(64, '0') },
    certificate: { kind: 'issued', name: 'n', issuer: 'i', notAfter: NOW_SECONDS + 80 * 86_400 },
    relayed: { requests: 0, lastAt: 0, open: 0, writes: 0 },
    now: NOW_SECONDS,
    peerWrites: null,
    takeover: { from: '', at: 0 },
    ...{ hostPublicKey: 'ssh-ed25519 AAAA', lease: 0, failedUnits: [] },
    ...status,
  };
  return { ...one, box: deafBox(one.address), status: said, askedAt: NOW_SECONDS, askedSince: NOW_SECONDS };
}

/** What a release has kept, as the writer of that number in their order. */
export function backupOf(number: number, at: number): Backup {
  const id = `${number}`.padStart(8, '0');
  return {
    name: backupName(at, id),
    id,
    at,
    bytes: 1,
    release: release(number).tags.release,
    generation: number,
    sequence: 1,
  };
}

/** What was seen; the name leads to `led`. */
export function seen(machines: readonly (Answering | Silent)[], led = ''): World {
  const record = { id: 'record-1' as RecordId, type: 'A', name: 'app', data: led, ttlSeconds: 60 };
  return {
    answering: machines.filter((one) => 'box' in one),
    silent: machines.filter((one) => 'problem' in one),
    domain: 'example.com',
    record: led === '' ? undefined : record,
    furtherRecords: [],
    nameAnswers: [{ server: 'ns1', addresses: led === '' ? [] : [led] }],
    ...{ switchedBy: 'dns', reservedIp: undefined, reservedIpProblem: undefined },
    close: async () => undefined,
  };
}

/** What a diagnosis is made from, where nothing else is wrong. */
export function examined(world: World, besides: Partial<Observations> = {}): Observations {
  const backup = backupOf(1, NOW_SECONDS - 3_600);
  return {
    world,
    claims: [],
    bakes: [],
    situation: judge(world),
    tagged: [],
    images: [IMAGE, { ...IMAGE, digest: LIVE_DIGEST }],
    whose: new Map(),
    backups: {
      configured: true,
      offMachine: true,
      files: [backup],
      proof: undefined,
      problem: '',
      schedule: '*-*-* 02:00:00',
    },
    health: { status: 200, body: 'ok', tookMs: 5 },
    ...{ publicName: 'n', environment: 'test', apiUrl: 'https://api.example.com/v2' },
    rules: { windowSeconds: 300, ttlSeconds: 60 },
    nowSeconds: NOW_SECONDS,
    ...besides,
  };
}

function deafBox(address: string): Box {
  const never = (): Promise<never> => Promise.reject(new Error('a decision must not touch a machine'));
  const verbs = { status: never, claim: never, prepare: never, secrets: never, start: never, stop: never, pass: never };
  const moving = {
    hold: never,
    resume: never,
    relay: never,
    fence: never,
    answerAt: never,
    leave: never,
    unfence: never,
    activate: never,
  };
  const pulling = { pullKey: never, admit: never, pull: never, takeover: never };
  const upkeep = { compareSecrets: never, useSecrets: never, restart: never, ps: never };
  const keeping = { restore: never, backup: never, certificate: never };
  const box: Box = {
    address,
    ...verbs,
    ...moving,
    ...pulling,
    ...keeping,
    ...upkeep,
    logs: never,
    traffic: never,
    history: never,
    within: () => box,
    close: async () => undefined,
  };
  return box;
}
