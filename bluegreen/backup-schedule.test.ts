import { expect, test } from 'vitest';
import { promisedSeconds } from './backup-schedule.ts';

const GRACE_HOURS = 2;

test.each([
  ['*-*-* 02:00:00', 24],
  ['daily', 24],
  ['hourly', 1],
  ['*:00', 1],
  ['*-*-* *:0/15:00', 0.25],
  ['*-*-* 0/6:00:00', 6],
  ['*-*-* 02,14:00:00', 24],
  ['02:00', 24],
  ['Mon *-*-* 02:00:00', 7 * 24],
  ['Mon..Fri 02:00', 7 * 24],
  ['*-*-01 02:00:00', 31 * 24],
  ['*-01-01', 366 * 24],
  ['weekly', 7 * 24],
])('%s promises a backup that is never older than %s hours', (schedule, hours) => {
  expect(promisedSeconds(schedule) / 3_600).toBe(hours + GRACE_HOURS);
});
