import { describe, expect, test } from 'vitest';
import { answering, seen, silent } from '../test/simulation/example-releases.ts';
import { cannotBeAsked, judge } from './situation.ts';

describe('what the machines say amounts to', () => {
  test('an empty environment when there is nothing, or only what never served', () => {
    expect(judge(seen([]))).toEqual({ kind: 'empty', strays: [] });
    const stray = answering(1, 'candidate', {}, { stage: 'candidate' });
    expect(judge(seen([stray]))).toEqual({ kind: 'empty', strays: [stray] });
  });

  test('a live release when one machine is the writer', () => {
    const [old, writer] = [answering(1, 'relay', { relayTo: '10.0.0.2' }), answering(2, 'writer')];
    expect(judge(seen([old, writer]))).toMatchObject({ kind: 'live', writer, standbys: [old], strays: [], silent: [] });
  });

  test('two writers when two say so, whatever else is there', () => {
    const situation = judge(seen([answering(1, 'writer'), answering(2, 'writer'), silent(3)]));
    expect(situation.kind).toBe('two-writers');
  });

  test('a handover that was cut off after its commit when a relay leads to a candidate', () => {
    const relay = answering(1, 'relay', { relayTo: '10.0.0.2' });
    const successor = answering(2, 'candidate', {}, { stage: 'candidate' });
    expect(judge(seen([relay, successor]))).toMatchObject({ kind: 'committed', relay, successor, strays: [] });
  });

  test('the same in a rollback, where the successor is a relay that took over', () => {
    const relay = answering(2, 'relay', { relayTo: '10.0.0.1' });
    const successor = answering(1, 'relay', { relayTo: '10.0.0.2', takeover: { from: '10.0.0.2', at: 1 } });
    expect(judge(seen([relay, successor]))).toMatchObject({ kind: 'committed', relay, successor, standbys: [relay] });
  });

  test('but not when the machine that it leads to is fenced', () => {
    const relay = answering(1, 'relay', { relayTo: '10.0.0.2' });
    expect(judge(seen([relay, answering(2, 'fenced')])).kind).toBe('dark');
  });

  test('dark when the machine that served is silent', () => {
    expect(judge(seen([silent(1)], '10.0.0.1'))).toMatchObject({ kind: 'dark', silent: [{ address: '10.0.0.1' }] });
  });

  test('dark, not empty, when a candidate took over from a machine that is gone', () => {
    const heir = answering(2, 'candidate', { takeover: { from: '10.0.0.1', at: 1 } });
    expect(judge(seen([heir]))).toMatchObject({ kind: 'dark', strays: [heir] });
  });
});

describe('a writer that was powered off to fence it', () => {
  test('is not the live release when it is started again: its data is from before', () => {
    const superseded = answering(
      1,
      'writer',
      { app: { running: false, image: '', startedAt: '', restarts: 0 } },
      { stage: 'fenced' },
    );
    expect(judge(seen([superseded, silent(2)], '10.0.0.2'))).toMatchObject({ kind: 'dark', standbys: [superseded] });
    expect(judge(seen([superseded, answering(2, 'writer')]))).toMatchObject({ kind: 'live', standbys: [superseded] });
  });

  test('is one of two writers when it serves', () => {
    const serving = answering(1, 'writer', {}, { stage: 'fenced' });
    expect(judge(seen([serving, answering(2, 'writer')])).kind).toBe('two-writers');
  });
});

describe('standbys', () => {
  test('are ordered by the generation of their data, not by when they were last pointed elsewhere', () => {
    const older = answering(1, 'relay', { generation: 1, since: 200 });
    const newer = answering(2, 'relay', { generation: 2, since: 100 });
    expect(judge(seen([older, newer, answering(3, 'writer')]))).toMatchObject({ standbys: [newer, older] });
  });

  test('count for what they wrote, not for the history that came with a handover that came to nothing', () => {
    const reached = answering(1, 'relay', { generation: 2, wrote: 1, since: 200 });
    const newer = answering(2, 'relay', { generation: 2, wrote: 2, since: 100 });
    expect(judge(seen([reached, newer, answering(3, 'writer')]))).toMatchObject({ standbys: [newer, reached] });
  });
});

describe('a silent machine', () => {
  const writer = answering(1, 'writer');

  test('never served when it was never marked live and nothing leads to it', () => {
    const stray = silent(2, { stage: 'candidate' });
    expect(judge(seen([writer, stray], '10.0.0.1'))).toMatchObject({ strays: [stray], silent: [] });
  });

  test('may have served when the name, or a relay, leads to it', () => {
    const unmarked = silent(2, { stage: 'candidate' });
    expect(judge(seen([writer, unmarked], '10.0.0.2'))).toMatchObject({ silent: [unmarked] });
    const relay = answering(3, 'relay', { relayTo: '10.0.0.2' });
    expect(judge(seen([relay, unmarked]))).toMatchObject({ kind: 'dark', silent: [unmarked] });
  });

  test('is among those that cannot be asked, marked or not', () => {
    const [marked, unmarked] = [silent(2), silent(3, { stage: 'candidate' })];
    const situation = judge(seen([marked, unmarked], '10.0.0.2'));
    expect(situation.kind === 'dark' && cannotBeAsked(situation)).toEqual([marked, unmarked]);
  });
});
