import { describe, expect, test } from 'vitest';
import type { OtherMachine } from './doors.ts';
import { leftElsewhere, refuseNamed, refuseNamedElsewhere, refuseNext, revocable } from './revocable.ts';

const infra = (...names: string[]) => ({ ssh_key_name: 'ann', ssh_key_names: names });
const machine = (environment: string, release: string): OtherMachine => ({ environment, release, door: undefined });
const OTHERS = [machine('staging', 'blue-1'), machine('staging', 'green-1'), machine('trial', 'blue-2')];

describe('a key is not revoked', () => {
  test('while machines here are to let it in, or it is the next one of a rotation', () => {
    expect(() => refuseNamed(infra('ann', 'bob'), 'bob')).toThrow(/still names it/);
    expect(() => refuseNamed(infra(), 'ann')).toThrow(/still names it/);
    expect(() => refuseNamed(infra('ann'), 'bob')).not.toThrow();
    expect(() => refuseNext('bob.next')).toThrow(/take the place/);
  });

  test('while another environment with machines in the account names it: nothing could be made there without', async () => {
    const naming = async (environment: string) => (environment === 'staging' ? infra('bob') : undefined);
    await expect(refuseNamedElsewhere(OTHERS, 'bob', naming)).rejects.toThrow(
      /names it for staging, which has machines/,
    );
    await expect(refuseNamedElsewhere(OTHERS, 'carol', naming)).resolves.toBeUndefined();
    await expect(refuseNamedElsewhere([], 'bob', naming)).resolves.toBeUndefined();
  });
});

test('it goes with what a rotation left of it; a name that the account does not know is no success', () => {
  const keys = ['ann', 'bob', 'bob.next'].map((name) => ({ name }));
  expect(revocable(keys, 'bob').map(({ name }) => name)).toEqual(['bob', 'bob.next']);
  expect(revocable(keys.slice(2), 'bob')).toHaveLength(1);
  expect(() => revocable(keys, 'bobby')).toThrow(/no key of that name; it has ann, bob, bob\.next/);
});

test('what other environments let in after it is told once each, with the command', () => {
  expect(leftElsewhere(OTHERS)).toEqual([
    'blue-1, green-1 of staging let in whom they let in before: run anny-bluegreen --env staging ssh-keys push',
    'blue-2 of trial lets in whom it let in before: run anny-bluegreen --env trial ssh-keys push',
  ]);
});
