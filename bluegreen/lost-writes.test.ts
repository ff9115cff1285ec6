import { expect, test } from 'vitest';
import { answering, NOW_SECONDS } from '../test/simulation/example-releases.ts';
import { describeLostWrites, writesSince } from './lost-writes.ts';

const relayed = { requests: 90, lastAt: NOW_SECONDS, open: 0, writes: 37 };
const said = (status: Parameters<typeof answering>[2]): string =>
  describeLostWrites(writesSince(answering(2, 'relay', status)));

test('an app that counts says more than what went through the relay', () => {
  const peerWrites = { handedOver: 5_210, seen: 5_391, at: NOW_SECONDS - 170 };
  expect(said({ relayed, peerWrites })).toBe(
    'at least 181 writes: the app had counted 5210 at the handover, and 5391 when green-2 last asked it, 170 s ago; 37 went through green-2',
  );
  expect(said({ relayed, peerWrites: { ...peerWrites, seen: 5_220 } })).toContain('at least 37 writes');
});

test('without such an app it says what is not counted', () => {
  expect(said({ relayed })).toBe(
    'at least 37 writes: 37 went through green-2; those that went straight to the other machine are not counted',
  );
  expect(said({ relayed: { ...relayed, writes: 0 } })).toContain('nobody counted them');
});
