import { describe, expect, test } from 'vitest';
import { answering, examined, NOW_SECONDS, seen, silent } from '../../test/simulation/example-releases.ts';
import type { Answering, Silent } from '../release.ts';
import { nextStep } from './next-step.ts';

const next = (machines: readonly (Answering | Silent)[], led = ''): string =>
  nextStep(examined(seen(machines, led))).command;

const writer = answering(1, 'writer');
const here = writer.address;

describe('the next command', () => {
  test('is a first promote when there is nothing, and a restore when there is nothing any more', () => {
    const { backups } = examined(seen([]));
    const fresh = examined(seen([]), { backups: { ...backups, files: [] } });
    expect(nextStep(fresh).command).toBe('anny-bluegreen promote --build');
    expect(next([])).toBe('anny-bluegreen restore');
  });

  test('is the next deploy when all is well', () => {
    expect(next([writer], here)).toBe('anny-image build && anny-bluegreen promote');
    const later = answering(3, 'writer');
    const standby = answering(
      2,
      'relay',
      { relayTo: later.address },
      { keepUntil: NOW_SECONDS + 60, stage: 'standby' },
    );
    expect(next([later, standby], later.address)).toContain('anny-image build');
  });

  test('is to wait while a command runs', () => {
    const who = { user: 'ann', host: 'laptop', process: { pid: 7, startedAt: '1', home: 'x' } };
    const when = { since: NOW_SECONDS * 1000, beatAt: NOW_SECONDS * 1000, beat: 9, token: 5, work: null };
    const claim = {
      ...who,
      ...when,
      operation: 'op1',
      command: 'anny-bluegreen promote',
      reason: '',
      state: 'held' as const,
    };
    const claims = [{ scope: 'test', claim, quietMs: 0, gone: false }];
    expect(nextStep(examined(seen([writer], here), { claims })).command).toBe('anny-bluegreen lock list');
  });

  test('finishes a handover that was cut off after its commit', () => {
    const relay = answering(2, 'relay', { relayTo: '10.0.0.3' });
    expect(next([relay, answering(3, 'candidate')])).toBe('anny-bluegreen settle');
  });

  test('looks at one of two writers', () => {
    expect(next([writer, answering(2, 'writer')])).toBe('anny-bluegreen ssh blue-1 -- sudo anny-box status');
  });

  test('goes back to a standby when the live machine is silent, or restores where there is none', () => {
    expect(next([answering(2, 'relay', { relayTo: '10.0.0.3' }), silent(3)])).toBe('anny-bluegreen rollback');
    expect(next([silent(3)], '10.0.0.3')).toBe('anny-bluegreen restore');
  });

  test('takes a fenced machine back only where nothing has newer data', () => {
    expect(next([answering(2, 'fenced')])).toBe('anny-bluegreen rollback --to green-2 --lose-writes');
    expect(next([answering(2, 'fenced', { since: NOW_SECONDS - 7_200 })])).toBe('anny-bluegreen restore');
  });

  test('mends the name, the certificate, and a mark that is missing', () => {
    expect(next([writer], '10.0.0.9')).toBe('anny-bluegreen settle');
    const ending = { ...writer.status.certificate, notAfter: NOW_SECONDS + 86_400 };
    expect(next([answering(1, 'writer', { certificate: ending })], here)).toBe('anny-bluegreen settle');
    expect(next([answering(1, 'writer', {}, { stage: 'candidate' })], here)).toBe('anny-bluegreen settle');
  });

  test('retires what is past its window, was left behind, or does not answer', () => {
    const past = answering(1, 'relay', { relayTo: '10.0.0.3' }, { keepUntil: NOW_SECONDS - 1, stage: 'standby' });
    const later = answering(3, 'writer');
    expect(
      next([later, answering(2, 'relay', { relayTo: later.address }, { stage: 'standby' }), past], later.address),
    ).toBe('anny-bluegreen retire');
    const stray = answering(2, 'candidate', {}, { stage: 'candidate' });
    expect(next([writer, stray], here)).toBe('anny-bluegreen retire green-2');
    expect(next([writer, silent(2)], here)).toBe('anny-bluegreen retire green-2 --force');
    expect(next([writer, silent(2, { stage: 'candidate' })], here)).toBe('anny-bluegreen retire green-2 --force');
  });
});
