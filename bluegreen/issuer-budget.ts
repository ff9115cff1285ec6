import type { Issuer } from '../machine/box.ts';
import type { Plan } from './plan.ts';

/** What a plan takes of the issuer's weekly budget. */
export interface CertificateView {
  /** Certificates that carrying the plan out asks for. */
  readonly issues: number;
  /** As the writer has counted them; null where there is none to ask. */
  readonly issuedInWeek: number | null;
  readonly weeklyLimit: number;
}

/** "1 of 5 certificates issued in the last 7 days". */
export function budgetText({ issuedInWeek, weeklyLimit }: Pick<Issuer, 'issuedInWeek' | 'weeklyLimit'>): string {
  return `${issuedInWeek} of ${weeklyLimit} certificates issued in the last 7 days`;
}

/** A certificate is state: only where there is none yet is one issued. */
export function certificatesOf(plan: Plan, weeklyLimit: number): CertificateView {
  const asked = askedIn(plan);
  const issuer = asked?.status.issuer;
  const missing = asked !== undefined && asked.status.certificate.kind !== 'issued';
  return {
    issues: plan.action === 'first' || (missing && (plan.action === 'none' || plan.action === 'promote')) ? 1 : 0,
    issuedInWeek: issuer?.issuedInWeek ?? null,
    weeklyLimit: issuer?.weeklyLimit ?? weeklyLimit,
  };
}

/** The machine whose certificate it goes on with. */
function askedIn(plan: Plan) {
  switch (plan.action) {
    case 'none':
      return plan.writer;
    case 'promote':
    case 'rollback':
      return plan.from;
    case 'fall-back':
    case 'take-over':
      return plan.to;
    case 'take-back':
      return 'box' in plan.to ? plan.to : undefined;
    case 'first':
    case 'restore':
      return undefined;
  }
}

/** One line of `plan`. */
export function certificatesText({ issues, issuedInWeek, weeklyLimit }: CertificateView): string {
  const takes = issues === 0 ? 'none is issued, it moves along' : `${issues} is issued`;
  if (issuedInWeek === null) return `${takes}; the issuer gives ${weeklyLimit} in 7 days`;
  return `${takes}; ${budgetText({ issuedInWeek, weeklyLimit })}`;
}
