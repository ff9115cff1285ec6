import { expect, test } from 'vitest';
import { usd } from '../cloud/money.ts';
import { answering, IMAGE, seen } from '../test/simulation/example-releases.ts';
import { planPromote, planSettle } from './plan-promote.ts';
import { type Room, roomProblems } from './room.ts';
import { judge } from './situation.ts';

const PLAN = {
  id: 'p',
  diskGb: 25,
  ramMb: 1024,
  vcpus: 1,
  regions: ['ewr'],
  monthlyCost: usd(5),
  hourlyUsd: 0.007,
};
const ROOM: Room = { plans: [PLAN], planOfNew: 'p', region: 'ewr', machines: 1, limit: 0 };
const situation = judge(seen([answering(1, 'writer')]));
const promote = (sizeGb = 25) =>
  planPromote(situation, { image: { ...IMAGE, sizeBytes: sizeGb * 1024 ** 3 }, again: false });

test.for<[string, Partial<Room>, number, RegExp | undefined]>([
  ['all is there', {}, 25, undefined],
  ['the disk is too small', {}, 55, /p has 25 GB, and the snapshot needs 55 GB/],
  ['the region does not offer the plan', { region: 'ams' }, 25, /ams does not offer p/],
  ['there is no such plan', { planOfNew: 'q' }, 25, /no plan q/],
  ['the account is full', { limit: 1 }, 25, /it has 1, and infra\.instance_limit is 1/],
  ['the account has room for one more', { limit: 2 }, 25, undefined],
])('a plan says what the account will refuse: %s', ([_what, room, sizeGb, says]) => {
  const problems = roomProblems(promote(sizeGb), { ...ROOM, ...room });
  if (says === undefined) expect(problems).toEqual([]);
  else expect(problems).toEqual([expect.stringMatching(says)]);
});

test('a plan that makes no machine has nothing to refuse', () => {
  expect(roomProblems(planSettle(situation), { ...ROOM, plans: [] })).toEqual([]);
});
