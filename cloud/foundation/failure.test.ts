import { describe, expect, test } from 'vitest';
import { engineFailure, type Failed } from './failure.ts';

const PLACE = {
  project: 'anny-foundation',
  stack: 'production',
  backend: 'file:///srv/.anny/foundation',
  directory: '/srv/.anny/foundation',
  variables: {},
};

function failure(said: string, more: Partial<Failed> = {}) {
  const error = new Error(`code: 255\n stdout: \n stderr: error: ${said}\n`);
  const failed = {
    doing: 'anny-infra up',
    problems: [],
    interrupted: false,
    changes: true,
    mask: (text: string) => text,
  };
  return engineFailure(error, PLACE, { ...failed, ...more });
}

describe('a failure of the engine', () => {
  test.each([
    [
      'the stack is currently locked by 1 lock(s)',
      'LEASE_HELD',
      /pulumi cancel --stack organization\/anny-foundation\/production$/,
    ],
    ['incorrect passphrase', 'CONFIG_INVALID', /anny-infra import/],
    [
      'Preview failed: resource "urn:pulumi:test::anny-foundation::vultr:index/dnsDomain:DnsDomain::domain" cannot be deleted\nbecause it is protected. To unprotect the resource, …',
      'REFUSED',
      /foundation\.protect/,
    ],
    ['could not download plugin vultr', 'ENGINE_MISSING', /GitHub/],
    ['something else', 'FOUNDATION_FAILED', /run the same command again/],
  ])('"%s" is %s', (said, code, next) => {
    expect(failure(said)).toMatchObject({ code, next: expect.stringMatching(next) });
  });

  test.each([
    'unable to replace resource "URN"\nas it is currently marked for protection. To unprotect the resource, …',
    'unable to replace resource "URN" as part of replacing "urn:pulumi:other::x" as it is currently marked for protection.',
  ])('names what is protected, in "%s"', (said) => {
    const urn = 'urn:pulumi:production::anny-foundation::vultr:index/dnsDomain:DnsDomain::domain';
    const found = 'it would destroy what is protected: domain';
    expect(failure('', { problems: [said.replace('URN', urn)] })).toMatchObject({ code: 'REFUSED', found });
  });

  test('is told by what the engine said of resources, each once, and never with a secret', () => {
    const problems = ['creating domain: 400 with KEY', 'creating domain: 400 with KEY'];
    const mask = (text: string) => text.replaceAll('KEY', '***');
    expect(failure('update failed', { problems, mask })).toMatchObject({
      code: 'FOUNDATION_FAILED',
      found: 'creating domain: 400 with ***',
    });
  });

  test('is unfinished when it was stopped amid changes, and nothing when it only looked', () => {
    expect(failure('update canceled', { interrupted: true }).code).toBe('UNFINISHED');
    expect(failure('preview canceled', { interrupted: true, changes: false }).code).toBe('INTERRUPTED');
  });
});
