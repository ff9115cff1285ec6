import { expect, it } from 'vitest';
import { AnnyError } from '../operation/errors.ts';
import type { Box, Machines } from './box.ts';
import { knocks, patientMachines } from './patient.ts';
import { sharedMachines } from './shared.ts';

const target = { address: '192.0.2.1', hostKeyFingerprint: 'SHA256:x' };

/** Machines that refuse the first `refusals` connections; only what these tests ask of a box. */
function counting(refusals = 0) {
  const seen = { connected: 0, closed: 0, tries: 0 };
  const box = {
    address: target.address,
    close: async () => {
      seen.closed += 1;
    },
  } as Partial<Box> as Box;
  const machines: Machines = {
    connect: async () => {
      seen.tries += 1;
      if (seen.tries <= refusals) throw refused();
      seen.connected += 1;
      return box;
    },
  };
  return { seen, machines };
}

function refused(): AnnyError {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  return new AnnyError('MACHINE_UNREACHABLE', { doing: 'connecting', found: 'refused', next: 'wait', cause });
}

/** Sleeps take no time, and are remembered. */
function sleepless() {
  const slept: number[] = [];
  return {
    slept,
    clock: { now: () => 0, uptime: () => 0, sleep: async (ms: number) => void slept.push(ms), randomHex: () => '' },
  };
}

it('gives everybody the same connection, and ends it once, with the command', async () => {
  const { seen, machines } = counting();
  const shared = sharedMachines(machines);
  const boxes = await Promise.all([shared.connect(target), shared.connect(target)]);
  await Promise.all(boxes.map((box) => box.close()));
  await shared.connect(target);
  expect(seen).toEqual({ connected: 1, closed: 0, tries: 1 });
  await shared.close();
  expect(seen.closed).toBe(1);
});

it('connects anew after a failed attempt, and to another machine at the same address', async () => {
  const { seen, machines } = counting(1);
  const shared = sharedMachines(machines);
  await expect(shared.connect(target)).rejects.toThrow('refused');
  await shared.connect(target);
  await shared.connect({ ...target, hostKeyFingerprint: 'SHA256:y' });
  expect(seen.connected).toBe(2);
});

it('waits out a firewall that has had enough, and says so', async () => {
  const { seen, machines } = counting(2);
  const { slept, clock } = sleepless();
  const told: string[] = [];
  await patientMachines(machines, clock, (text) => told.push(text)).connect(target);
  expect(slept).toEqual([5_000, 10_000]);
  expect(told[0]).toContain('6 times in 30 s');
  expect(seen.connected).toBe(1);
});

it('does not wait for a machine that boots, nor for ever', async () => {
  const { machines } = counting(100);
  const { slept, clock } = sleepless();
  const patient = patientMachines(machines, clock, () => undefined);
  await expect(patient.connect({ ...target, booting: true })).rejects.toThrow('refused');
  expect(slept).toEqual([]);
  await expect(patient.connect(target)).rejects.toThrow('refused');
  expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(30_000);
});

it('knocks at a booting machine so that its firewall lets it in', () => {
  const again = knocks();
  const pauses = Array.from({ length: 9 }, () => again(refused()) ?? 0);
  expect(pauses.slice(0, 4).reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(5_000);
  // Six knocks have five pauses between them, and must take more than 30 s.
  expect(pauses.slice(4, 9).reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(30_000);
  const failed = (cause: Error): AnnyError =>
    new AnnyError('MACHINE_UNREACHABLE', { doing: '', found: '', next: '', cause });
  expect(again(failed(new Error('Timed out while waiting for handshake')))).toBeUndefined();
  expect(again(failed(Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' })))).toBeUndefined();
  // It was heard, and counted.
  expect(again(failed(new Error('All configured authentication methods failed')))).toBe(7_000);
});
