import { describe, expect, test } from 'vitest';
import type { BoxStatus } from '../machine/box.ts';
import { answering, backupOf, IMAGE, NOW_SECONDS, seen } from '../test/simulation/example-releases.ts';
import { certificatesOf, certificatesText } from './issuer-budget.ts';
import { planPromote } from './plan-promote.ts';
import { planRestore } from './plan-restore.ts';
import { planRollback } from './plan-rollback.ts';
import { judge } from './situation.ts';

const issuer = { server: 'https://acme.test', issuedInWeek: 2, weeklyLimit: 5, failures: 0, failure: '', nextTryAt: 0 };
const writer = (status: Partial<BoxStatus> = {}) => answering(1, 'writer', { issuer, ...status });
const standby = answering(2, 'relay', { relayTo: '10.0.0.1' });
const placeholder = { kind: 'placeholder', name: 'n', issuer: '', notAfter: 0 } as const;
const live = (status: Partial<BoxStatus> = {}) => judge(seen([writer(status), standby]));
const promote = { image: IMAGE, again: true };

describe('what a plan takes of the issuer’s budget', () => {
  test('is nothing for a promote and a rollback: the certificate moves along', () => {
    const wish = { to: undefined, loseWrites: false, nowSeconds: NOW_SECONDS };
    for (const plan of [planPromote(live(), promote), planRollback(live(), wish)]) {
      expect(certificatesOf(plan, 9)).toEqual({ issues: 0, issuedInWeek: 2, weeklyLimit: 5 });
    }
    expect(certificatesText(certificatesOf(planPromote(live(), promote), 9))).toBe(
      'none is issued, it moves along; 2 of 5 certificates issued in the last 7 days',
    );
  });

  test('is one where there is none yet', () => {
    const first = certificatesOf(planPromote(judge(seen([])), promote), 5);
    expect(first).toEqual({ issues: 1, issuedInWeek: null, weeklyLimit: 5 });
    expect(certificatesText(first)).toBe('1 is issued; the issuer gives 5 in 7 days');
    expect(certificatesOf(planPromote(live({ certificate: placeholder }), promote), 5)).toMatchObject({ issues: 1 });
  });

  test('is nothing for a restore: it is in the backup', () => {
    const backups = [backupOf(1, NOW_SECONDS - 60)];
    const times = { nowSeconds: NOW_SECONDS, staleAfterSeconds: 3_600 };
    const wish = { image: IMAGE, backups, backup: undefined, loseWrites: false, ...times };
    expect(certificatesOf(planRestore(judge(seen([])), wish), 5)).toMatchObject({ issues: 0, issuedInWeek: null });
  });

  test('is not known of a machine of an earlier version, and the configured limit holds', () => {
    const plan = planPromote(live({ issuer: undefined }), promote);
    expect(certificatesOf(plan, 7)).toEqual({ issues: 0, issuedInWeek: null, weeklyLimit: 7 });
  });
});
