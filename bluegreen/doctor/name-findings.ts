import type { AnnyError } from '../../operation/errors.ts';
import { age } from '../age.ts';
import { addressFor, describeNameAnswer, isHolder, leadsTo } from '../leading.ts';
import type { NameAnswer } from '../name-servers.ts';
import type { Answering } from '../release.ts';
import { decide, destroyByHand, type Finding, fix, look } from './finding.ts';
import { isIll, remedyOfIll } from './machine-findings.ts';
import type { Observations } from './observations.ts';

const DAY_SECONDS = 86_400;
/** The machine renews by itself at 30 days; below this it has failed to. */
const NEAR_END_SECONDS = 14 * DAY_SECONDS;

/** Where the name leads, and its certificate. */
export function nameFindings(seen: Observations): readonly Finding[] {
  const { situation, world } = seen;
  const ambiguous = world.furtherRecords.length > 0 ? [furtherRecords(seen)] : [];
  if (situation.kind !== 'live') return ambiguous;
  return [...ambiguous, ...drift(seen, situation.writer), ...certificate(seen, situation.writer)];
}

function furtherRecords({ world, publicName, apiUrl }: Observations): Finding {
  const all = [...(world.record === undefined ? [] : [world.record]), ...world.furtherRecords];
  return {
    code: 'two-records',
    severity: 'critical',
    found: `${publicName} has ${all.map(({ type, data }) => `${type} ${data}`).join(', ')}, and a switch changes one A record`,
    means: 'some users are led elsewhere, and no release command goes on: delete the others in the account',
    repair: decide(
      world.furtherRecords.map(({ id }) => destroyByHand(apiUrl, `domains/${world.domain}/records/${id}`)).join(' && '),
    ),
  };
}

function drift(seen: Observations, writer: Answering): Finding[] {
  const { world, publicName } = seen;
  const { tags } = writer;
  if (world.reservedIpProblem !== undefined) return [reservedIpMissing(world.reservedIpProblem)];
  // Nobody is led to an app that answers badly.
  const repair = isIll(seen) ? remedyOfIll(seen) : fix({ kind: 'settle' });
  const { record } = world;
  const address = addressFor(world, writer);
  if (record === undefined) {
    const found = `${publicName} has no A record`;
    return [{ code: 'name-missing', severity: 'critical', found, means: 'users find nothing', repair }];
  }
  const elsewhere = whereElse(seen, writer, address);
  if (elsewhere !== undefined) {
    const means = 'users reach it through a relay, if at all';
    return [{ ...elsewhere, severity: 'critical', means, repair }];
  }
  if (world.nameAnswers.length === 0) {
    return [
      {
        code: 'name-unasked',
        severity: 'warning',
        found: `no name server of ${world.domain} could be found`,
        means: 'nobody can say where users are led: is the zone delegated, and is this computer online?',
        repair: look(`dig NS ${world.domain}`),
      },
    ];
  }
  const unfound = world.nameAnswers.filter((answer) => answer.unfound);
  const others = world.nameAnswers.filter((answer) => !answer.unfound && !leadsTo(answer, address));
  const missing = unfound.length === 0 ? [] : [nameServerUnfound(world, unfound)];
  if (others.length === 0) return missing;
  return [
    ...missing,
    {
      code: 'name-servers-disagree',
      severity: 'warning',
      found: `${publicName} leads to ${address}${address === writer.address ? '' : ` (${tags.release})`}, but ${others.map(describeNameAnswer).join('; ')}`,
      means: 'some users are led elsewhere; a change may need minutes to reach every name server',
      repair,
    },
  ];
}

function nameServerUnfound({ domain, nameAnswers }: Observations['world'], unfound: readonly NameAnswer[]): Finding {
  const others = unfound.length === nameAnswers.length ? 'there is no other' : 'the others are asked alone';
  return {
    code: 'name-server-unfound',
    severity: 'warning',
    found: unfound.map(describeNameAnswer).join('; '),
    means: `nobody can ask it where users are led, and ${others}; infra.name_servers names it, or the zone's NS records`,
    repair: look(`dig NS ${domain}`),
  };
}

function whereElse(
  { world: { record, reservedIp, switchedBy, answering, silent }, publicName }: Observations,
  writer: Answering,
  address: string,
): Pick<Finding, 'code' | 'found'> | undefined {
  const { tags } = writer;
  if (switchedBy === 'reserved_ip' && !isHolder(reservedIp, writer)) {
    const holder = [...answering, ...silent].find((one) => isHolder(reservedIp, one))?.tags.release;
    const at = holder ?? reservedIp?.attachedTo ?? 'no machine';
    return {
      code: 'reserved-ip-elsewhere',
      found: `the reserved IP ${address} leads to ${at}, and the writer is ${tags.release}`,
    };
  }
  if (record === undefined || record.data === address) return undefined;
  const what =
    switchedBy === 'dns'
      ? `the writer ${tags.release} is at ${address}`
      : `traffic is to come by the reserved IP ${address}`;
  return { code: 'name-elsewhere', found: `${publicName} leads to ${record.data}, and ${what}` };
}

function reservedIpMissing({ found, next }: AnnyError): Finding {
  return {
    code: 'reserved-ip-missing',
    severity: 'critical',
    found: `deploy.switch is reserved_ip, and ${found}`,
    means: `no release command goes on: ${next}`,
    repair: decide('anny-infra preview'),
  };
}

function certificate(seen: Observations, { tags, status }: Answering): Finding[] {
  const { publicName, nowSeconds } = seen;
  const { kind, name, notAfter } = status.certificate;
  const left = notAfter - nowSeconds;
  const repair = fix({ kind: 'settle' });
  if (kind !== 'issued') {
    const found = `${tags.release} has no issued certificate for ${publicName}`;
    const means = 'only health is served, by HTTP; HTTPS shows a certificate that nobody trusts';
    return [{ code: 'certificate-missing', severity: 'critical', found, means, repair }];
  }
  if (name !== publicName) {
    const found = `the certificate of ${tags.release} is for ${name}, not for ${publicName}`;
    return [{ code: 'certificate-other-name', severity: 'critical', found, means: 'browsers warn users away', repair }];
  }
  if (left >= NEAR_END_SECONDS) return [];
  const found =
    left <= 0 ? `the certificate ended ${age(-left)} ago` : `the certificate is good for another ${age(left)} only`;
  return [
    {
      code: 'certificate-ending',
      severity: left <= 0 ? 'critical' : 'warning',
      found,
      means: `the machine renews by itself when a third of its life is left, and has failed to: ${status.issuer?.failure || '"anny-bluegreen logs --all" says why'}`,
      repair,
    },
  ];
}
