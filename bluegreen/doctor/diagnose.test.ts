import { describe, expect, test } from 'vitest';
import type { Instance, InstanceId, RecordId, ReservedIpId } from '../../cloud/cloud.ts';
import type { BoxStatus } from '../../machine/box.ts';
import { AnnyError } from '../../operation/errors.ts';
import {
  answering,
  backupOf,
  examined,
  IMAGE,
  NOW_SECONDS,
  seen,
  silent,
} from '../../test/simulation/example-releases.ts';
import type { World } from '../observe.ts';
import type { Answering, Silent } from '../release.ts';
import { diagnose } from './diagnose.ts';
import type { Finding } from './finding.ts';
import type { Observations } from './observations.ts';

const HOUR = 3_600;
const here = '10.0.0.3';
const writer = (status: Partial<BoxStatus> = {}, like: Parameters<typeof answering>[3] = {}): Answering =>
  answering(3, 'writer', { lastBackupAt: NOW_SECONDS - HOUR, ...status }, like);
const standby = (status: Partial<BoxStatus> = {}, like: Parameters<typeof answering>[3] = {}): Answering =>
  answering(2, 'relay', { relayTo: here, since: NOW_SECONDS - 60, ...status }, { stage: 'standby', ...like });

interface Given {
  readonly machines?: readonly (Answering | Silent)[];
  readonly led?: string;
  readonly world?: Partial<World>;
  readonly besides?: Partial<Observations>;
}

/** A writer and a fresh standby, and nothing wrong, but for what is given. */
function found({ machines = [writer(), standby()], led = here, world = {}, besides = {} }: Given): readonly Finding[] {
  return diagnose(examined({ ...seen(machines, led), ...world }, besides));
}

/** The one finding with this code, as its severity and its repair. */
function one(code: string, given: Given): string {
  const all = found(given);
  const finding = all.find((each) => each.code === code);
  if (finding === undefined) return `not among ${all.map((each) => each.code).join(', ')}`;
  const { severity, repair } = finding;
  return repair.kind === 'none' ? severity : `${severity}, ${repair.kind}: ${repair.command}`;
}

const RESERVED = { id: 'reserved-1' as ReservedIpId, label: 'anny-test', region: 'r', address: '203.0.113.7' };
/** Traffic comes by a reserved IP, which is attached to a machine; 0 for none. */
const heldBy = (number: number): Partial<World> => ({
  switchedBy: 'reserved_ip',
  reservedIp: { ...RESERVED, attachedTo: number === 0 ? undefined : (`instance-${number}` as InstanceId) },
});
const NO_RESERVED_IP = new AnnyError('CONFIG_INVALID', {
  doing: 'looking',
  found: 'the account has none',
  next: 'anny-infra up',
});

const certificate = writer().status.certificate;
const daysAgo = (days: number): string => new Date((NOW_SECONDS - days * 24 * HOUR) * 1000).toISOString();
const bakeMachine = (tags: readonly string[], createdAt = daysAgo(1)): Instance => ({
  ...{
    id: 'instance-9' as InstanceId,
    label: 'anny-test-bake',
    hostname: 'bake',
    plan: 'p',
    region: 'r',
    address: '10.0.0.9',
  },
  ...({ status: 'active', power: 'running', serverStatus: 'ok', snapshotId: undefined } as const),
  ...{ tags, createdAt },
});

test('nothing is found where nothing is wrong', () => {
  expect(found({})).toEqual([]);
});

test('nothing is wrong with a writer that the reserved IP leads to, and the record to that', () => {
  expect(found({ led: RESERVED.address, world: heldBy(3) })).toEqual([]);
});

test('an app that nobody can ask for want of a certificate is not called ill: the certificate is what is missing', () => {
  const machines = [writer({ certificate: { ...certificate, kind: 'placeholder' } }), standby()];
  const health = { status: 0, body: '', tookMs: 5, problem: 'self-signed certificate' };
  expect(found({ machines, besides: { health } }).map(({ code }) => code)).toEqual(['certificate-missing']);
  expect(one('app-ill', { machines, besides: { health: { ...health, status: 503 } } })).toContain('critical');
});

test('a command that was cut off is to be gone on with, before anything else that is no emergency', () => {
  const who = { user: 'ann', host: 'laptop', process: { pid: 7, startedAt: '1', home: 'x' } };
  const when = { since: (NOW_SECONDS - 600) * 1000, beatAt: (NOW_SECONDS - 400) * 1000, beat: 9, token: 5 };
  const work = { operation: 'op1', command: 'anny-bluegreen promote', reason: '', work: {} };
  const claim = { ...who, ...when, ...work, state: 'left' as const };
  const cutOff = (change: Partial<typeof claim>, state: 'left' | 'held' | 'waiting', quietMs = 0, gone = false) =>
    one('command-interrupted', {
      besides: { claims: [{ scope: 'test', claim: { ...claim, ...change, state }, quietMs, gone }] },
    });
  expect(cutOff({}, 'left')).toBe('warning, decide: anny-bluegreen resume');
  expect(cutOff({}, 'held', 0, true)).toBe('warning, decide: anny-bluegreen resume');
  expect(cutOff({}, 'held', 300_000)).toBe('warning, decide: anny-bluegreen resume');
  expect(cutOff({}, 'held', 20_000)).toBe('not among command-running');
  expect(cutOff({}, 'waiting', 300_000)).toBe('not among ');
  expect(cutOff({ operation: 'op2' }, 'left')).toContain('resume');
});

const claimed = (operation: string, state: 'left' | 'held', quietMs: number, scope = 'test') => ({
  scope,
  claim: {
    ...{ user: 'ann', host: 'laptop', process: { pid: 7, startedAt: '1', home: 'x' }, operation, state, work: {} },
    ...{ since: NOW_SECONDS * 1000, beatAt: NOW_SECONDS * 1000, beat: 9, token: 5, command: 'promote', reason: '' },
  },
  quietMs,
  gone: false,
});

test('what a command is doing just now is nothing to mend', () => {
  const claims = [claimed('op4', 'held', 1_000)];
  const codes = (given: Given) => found({ ...given, besides: { claims } }).map(({ code }) => code);
  const booting = silent(4, { stage: 'candidate' });
  const holding = writer({ held: true, holdUntil: NOW_SECONDS + 9 });
  expect(codes({ machines: [holding, standby(), booting] })).toEqual(['command-running']);
  const relay = answering(2, 'relay', { relayTo: here });
  expect(codes({ machines: [relay, answering(3, 'candidate')] })).toEqual(['command-running']);
  expect(codes({ machines: [writer(), standby(), answering(5, 'candidate')] })).toEqual(['orphan', 'command-running']);
});

test('the same observations always mean the same, the worst first', () => {
  const given = { machines: [writer({ failedUnits: ['a.service'] }), standby()], led: '10.0.0.9' };
  expect(found(given).map(({ severity }) => severity)).toEqual(['critical', 'warning']);
  expect(found(given)).toEqual(found(given));
});

describe('who writes', () => {
  test.each<[string, Given, string]>([
    [
      'two-writers',
      { machines: [writer(), answering(2, 'writer')] },
      'critical, look: anny-bluegreen ssh blue-3 -- sudo anny-box status',
    ],
    [
      'handover-unfinished',
      { machines: [answering(2, 'relay', { relayTo: here }), answering(3, 'candidate')] },
      'critical, fix: anny-bluegreen settle',
    ],
    [
      'held',
      { machines: [writer({ held: true, holdUntil: NOW_SECONDS + 9 }), standby()] },
      'critical, fix: anny-bluegreen settle',
    ],
    ['machines-gone', { machines: [] }, 'critical, decide: anny-bluegreen restore'],
    ['nobody-serves', { machines: [silent(3), standby()] }, 'critical, decide: anny-bluegreen rollback'],
    ['nobody-serves', { machines: [silent(3)] }, 'critical, decide: anny-bluegreen restore'],
    [
      'key-refused',
      { machines: [{ ...silent(3), keyRefused: true }, standby()] },
      'critical, look: anny-bluegreen doctor --preflight',
    ],
    [
      'nobody-serves',
      { machines: [answering(2, 'fenced', { since: NOW_SECONDS - 60 })] },
      'critical, decide: anny-bluegreen rollback --to green-2 --lose-writes',
    ],
    [
      'nobody-serves',
      { machines: [answering(2, 'fenced', { since: NOW_SECONDS - 2 * HOUR })] },
      'critical, decide: anny-bluegreen restore',
    ],
    [
      'nobody-serves',
      { machines: [answering(2, 'fenced', {}, { stage: 'fenced' })] },
      'critical, decide: anny-bluegreen restore',
    ],
    [
      'tags-disagree',
      { machines: [writer({}, { stage: 'candidate' }), standby()] },
      'warning, fix: anny-bluegreen settle',
    ],
    ['tags-disagree', { machines: [writer(), standby({}, { stage: 'live' })] }, 'warning, fix: anny-bluegreen settle'],
    [
      'identity-disagrees',
      { machines: [writer({ release: 'blue-1' }), standby()] },
      'warning, look: anny-bluegreen ssh blue-3 -- sudo anny-box status',
    ],
    ['relay-astray', { machines: [writer(), standby({ relayTo: '10.0.0.9' })] }, 'warning, fix: anny-bluegreen settle'],
    [
      'newer-than-writer',
      { machines: [writer(), standby({ generation: 9 })] },
      'critical, look: anny-bluegreen ssh green-2 -- sudo anny-box history',
    ],
    [
      'app-runs-aside',
      { machines: [writer(), answering(2, 'fenced', { app: writer().status.app })] },
      'critical, fix: anny-bluegreen ssh green-2 -- sudo anny-box fence',
    ],
    [
      'app-runs-aside',
      { machines: [writer(), standby({ app: writer().status.app })] },
      'critical, fix: anny-bluegreen ssh green-2 -- sudo anny-box stop',
    ],
  ])('%s', (code, given, expected) => {
    expect(one(code, given)).toBe(expected);
  });
});

describe('the name and its certificate', () => {
  const record = { id: 'record-2' as RecordId, type: 'AAAA', name: 'app', data: '2001:db8::1', ttlSeconds: 60 };
  test.each<[string, Given, string]>([
    ['name-missing', { led: '' }, 'critical, fix: anny-bluegreen settle'],
    ['name-elsewhere', { led: '10.0.0.9' }, 'critical, fix: anny-bluegreen settle'],
    [
      'name-servers-disagree',
      {
        world: {
          nameAnswers: [
            { server: 'ns1', addresses: [here] },
            { server: 'ns2', addresses: ['10.0.0.2'] },
          ],
        },
      },
      'warning, fix: anny-bluegreen settle',
    ],
    ['reserved-ip-elsewhere', { led: RESERVED.address, world: heldBy(2) }, 'critical, fix: anny-bluegreen settle'],
    ['reserved-ip-elsewhere', { led: RESERVED.address, world: heldBy(0) }, 'critical, fix: anny-bluegreen settle'],
    ['name-elsewhere', { world: heldBy(3) }, 'critical, fix: anny-bluegreen settle'],
    [
      'reserved-ip-missing',
      { world: { switchedBy: 'reserved_ip', reservedIpProblem: NO_RESERVED_IP } },
      'critical, decide: anny-infra preview',
    ],
    ['name-unasked', { world: { nameAnswers: [] } }, 'warning, look: dig NS example.com'],
    [
      'name-server-unfound',
      {
        world: {
          nameAnswers: [
            { server: 'ns1', addresses: [here] },
            { server: 'ns2', addresses: [], problem: 'its address cannot be found', unfound: true },
          ],
        },
      },
      'warning, look: dig NS example.com',
    ],
    [
      'two-records',
      { world: { furtherRecords: [record] } },
      'critical, decide: curl -fsS -X DELETE -H "Authorization: Bearer $VULTR_API_KEY" https://api.example.com/v2/domains/example.com/records/record-2',
    ],
    [
      'certificate-missing',
      { machines: [writer({ certificate: { ...certificate, kind: 'placeholder' } }), standby()] },
      'critical, fix: anny-bluegreen settle',
    ],
    [
      'certificate-other-name',
      { machines: [writer({ certificate: { ...certificate, name: 'other' } }), standby()] },
      'critical, fix: anny-bluegreen settle',
    ],
    [
      'certificate-ending',
      { machines: [writer({ certificate: { ...certificate, notAfter: NOW_SECONDS + 9 * 24 * HOUR } }), standby()] },
      'warning, fix: anny-bluegreen settle',
    ],
    [
      'certificate-ending',
      { machines: [writer({ certificate: { ...certificate, notAfter: NOW_SECONDS - 1 } }), standby()] },
      'critical, fix: anny-bluegreen settle',
    ],
  ])('%s', (code, given, expected) => {
    expect(one(code, given)).toBe(expected);
  });

  test('is not led to an app that answers badly', () => {
    const health = { status: 503, body: '', tookMs: 5 };
    expect(one('name-elsewhere', { led: '10.0.0.2', besides: { health } })).toBe(
      'critical, decide: anny-bluegreen rollback',
    );
  });
});

describe('the machines', () => {
  const off = { ...writer().status.app, running: false };
  test.each<[string, Given, string]>([
    ['app-stopped', { machines: [writer({ app: off }), standby()] }, 'critical, fix: anny-bluegreen settle'],
    [
      'app-ill',
      { besides: { health: { status: 503, body: '', tookMs: 5 } } },
      'critical, decide: anny-bluegreen rollback',
    ],
    [
      'app-ill',
      { machines: [writer()], besides: { health: { status: 503, body: '', tookMs: 5 } } },
      'critical, look: anny-bluegreen logs',
    ],
    [
      'app-unasked',
      { besides: { health: { status: 0, body: '', tookMs: 5, problem: 'no way', code: 'ENETUNREACH' } } },
      'warning, look: anny-bluegreen logs blue-3',
    ],
    [
      'disk-full',
      { machines: [writer({ diskFreeBytes: 5e8 }), standby()] },
      'warning, look: anny-bluegreen ssh blue-3 -- df -h',
    ],
    [
      'disk-full',
      { machines: [writer(), standby({ diskFreeBytes: 5e6 })] },
      'critical, look: anny-bluegreen ssh green-2 -- df -h',
    ],
    [
      'units-failed',
      { machines: [writer({ failedUnits: ['a.service', 'b.timer'] }), standby()] },
      'warning, look: anny-bluegreen ssh blue-3 -- systemctl status a.service b.timer',
    ],
    [
      'clock-skew',
      { machines: [{ ...writer(), askedAt: NOW_SECONDS + 31 }, standby()] },
      'warning, look: anny-bluegreen ssh blue-3 -- timedatectl',
    ],
  ])('%s', (code, given, expected) => {
    expect(one(code, given)).toBe(expected);
  });
});

describe('what would be left if the writer were lost', () => {
  const backups = (files: Observations['backups']['files'], besides: Partial<Observations['backups']> = {}) => ({
    backups: {
      configured: true,
      offMachine: true,
      files,
      proof: undefined,
      problem: '',
      schedule: 'daily',
      ...besides,
    },
  });
  const file = (hours: number) => backupOf(3, NOW_SECONDS - hours * HOUR);
  test.each<[string, Given, string]>([
    [
      'backup-none',
      { besides: backups([], { configured: false }) },
      'warning, look: anny-bluegreen config get backup.repository',
    ],
    [
      'backup-on-machine',
      { besides: backups([], { offMachine: false }) },
      'warning, look: anny-bluegreen config get backup.repository',
    ],
    ['backup-unreadable', { besides: backups([], { problem: 'no' }) }, 'warning, look: anny-bluegreen backup list'],
    ['backup-missing', { besides: backups([]) }, 'critical, fix: anny-bluegreen backup now'],
    ['backup-stale', { besides: backups([file(27)]) }, 'warning, fix: anny-bluegreen backup now'],
    [
      'backup-behind',
      { machines: [writer({ since: 0, savedAt: NOW_SECONDS - HOUR }), standby()] },
      'warning, look: anny-bluegreen ssh blue-3 -- systemctl status anny-changes.timer anny-changes',
    ],
    [
      'repository-unchecked',
      { machines: [writer({ since: 0, checkedAt: NOW_SECONDS - 240 * HOUR }), standby()] },
      'warning, look: anny-bluegreen ssh blue-3 -- systemctl status anny-tend.timer anny-tend',
    ],
    [
      'backup-unproved',
      { machines: [writer({ since: 0 }), standby()], besides: backups([file(1)]) },
      'warning, decide: anny-bluegreen drill',
    ],
    ['image-gone', { besides: { images: [{ ...IMAGE, digest: 'c'.repeat(64) }] } }, 'warning, look: anny-image list'],
  ])('%s', (code, given, expected) => {
    expect(one(code, given)).toBe(expected);
  });

  test('says nothing of backups that are as old as the schedule allows', () => {
    expect(one('backup-stale', { besides: backups([file(25)]) })).toContain('not among');
  });
});

describe('machines beside the writer', () => {
  const old = { since: NOW_SECONDS - 900 };
  const candidate = (status: Partial<BoxStatus> = {}): Answering =>
    answering(4, 'candidate', status, { stage: 'candidate' });
  test.each<[string, Given, string]>([
    [
      'silent',
      { machines: [writer(), silent(2, { stage: 'standby' })] },
      'warning, decide: anny-bluegreen retire green-2 --force',
    ],
    ['orphan', { machines: [writer(), standby(), candidate()] }, 'warning, fix: anny-bluegreen retire green-4'],
    [
      'orphan',
      { machines: [writer(), standby(), silent(4, { stage: 'candidate' })] },
      'warning, fix: anny-bluegreen retire green-4 --force',
    ],
    ['orphan', { machines: [candidate()], led: '' }, 'warning, decide: anny-bluegreen promote'],
    [
      'prepared',
      { machines: [writer(), standby(), candidate({ app: writer().status.app })] },
      'info, look: anny-bluegreen plan',
    ],
    [
      'standby-overdue',
      { machines: [writer(), standby(), answering(1, 'relay', { relayTo: here, ...old }, { stage: 'standby' })] },
      'warning, fix: anny-bluegreen retire',
    ],
    ['way-back-kept', { machines: [writer(), standby(old)] }, 'info, decide: anny-bluegreen retire green-2'],
    ['no-way-back', { machines: [writer()] }, 'info, look: anny-bluegreen plan'],
    [
      'fenced',
      { machines: [writer(), standby(), answering(1, 'fenced')] },
      'info, decide: anny-bluegreen rollback --to blue-1 --lose-writes',
    ],
  ])('%s', (code, given, expected) => {
    expect(one(code, given)).toBe(expected);
  });

  test('that were made ready long ago are orphans', () => {
    const ready = candidate({ app: writer().status.app });
    const instance = { ...ready.instance, createdAt: daysAgo(2) };
    expect(one('orphan', { machines: [writer(), standby(), { ...ready, instance }] })).toContain('retire green-4');
  });
});

describe('the account', () => {
  const bake = ['anny', 'env=test', 'op=abc', 'kind=bake', 'image=x'];
  test.each<[string, Partial<Observations>, string]>([
    ['orphan-bake', { tagged: [bakeMachine(bake)] }, 'warning, fix: anny-image sweep abc'],
    [
      'orphan-snapshot',
      { images: [{ ...IMAGE, stage: 'candidate', operation: 'abc', createdAt: daysAgo(1) }] },
      'warning, fix: anny-image sweep abc',
    ],
    [
      'unreadable',
      { tagged: [bakeMachine(['anny', 'env=test', 'kind=what'])] },
      'warning, decide: curl -fsS -X DELETE -H "Authorization: Bearer $VULTR_API_KEY" https://api.example.com/v2/instances/instance-9',
    ],
    [
      'unreadable',
      { tagged: [bakeMachine(['anny', 'env=test', 'kind=release', 'release=blue-1'])] },
      'warning, decide: curl',
    ],
  ])('%s', (code, besides, expected) => {
    expect(one(code, { besides })).toContain(expected);
  });

  test('knows a bake that was killed by its claim, at once and from any computer', () => {
    const tagged = [bakeMachine(bake, daysAgo(0.01))];
    const codes = (quietMs: number) =>
      found({ besides: { tagged, bakes: [claimed('abc', 'held', quietMs, 'bake-x')] } }).map(({ code }) => code);
    expect(codes(1_000)).toEqual([]);
    expect(codes(90_000)).toEqual(['orphan-bake']);
  });

  test('leaves alone a bake that may still run, and what is of another environment', () => {
    const young = bakeMachine(bake, daysAgo(0.1));
    const other = bakeMachine(['anny', 'env=other', 'kind=release', 'release=blue-1', 'hostkey=SHA256:x']);
    expect(found({ besides: { tagged: [young, other] } })).toEqual([]);
  });
});
