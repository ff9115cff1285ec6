import { budgetText } from '../issuer-budget.ts';
import type { World } from '../observe.ts';
import { judge } from '../situation.ts';
import { blocks, type Check, ok, type Seen, unknown } from './check.ts';
import { type Ground, inAccount } from './ground.ts';

/** Whether the certificates' issuer still gives one, where one is needed. */
export function issuerCheck(ground: Ground): Check {
  const { weekly_limit: limit } = ground.settings.config.tls;
  return {
    name: 'issuer',
    look: () => inAccount(ground, () => ground.observed((world) => issuerBudget(world, limit))),
  };
}

export function issuerBudget(world: World, limit: number): Seen {
  const situation = judge(world);
  if (situation.kind === 'empty')
    return ok(`the first promote asks for a certificate; the issuer gives ${limit} in 7 days`);
  if (situation.kind !== 'live') {
    return unknown('no live machine tells what the issuer was asked', 'anny-bluegreen doctor');
  }
  const { certificate, issuer } = situation.writer.status;
  if (certificate.kind === 'issued')
    return ok(`the certificate moves along${issuer === undefined ? '' : `; ${budgetText(issuer)}`}`);
  if (issuer === undefined || issuer.issuedInWeek < issuer.weeklyLimit) {
    return ok(`a certificate is missing and will be asked for${issuer === undefined ? '' : `; ${budgetText(issuer)}`}`);
  }
  return blocks(
    `a certificate is missing, and the issuer gives no more: ${budgetText(issuer)}`,
    'wait until one of them is 7 days old; docs/certificates.md',
  );
}
