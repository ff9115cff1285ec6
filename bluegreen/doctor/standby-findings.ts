import { age } from '../age.ts';
import type { Answering, Silent } from '../release.ts';
import { dueStandbys, wayBackOf } from '../retirement.ts';
import type { Situation } from '../situation.ts';
import { decide, type Finding, fix, look } from './finding.ts';
import { isBeingDone } from './lease-findings.ts';
import type { Observations } from './observations.ts';
import { describeSilent } from './role-findings.ts';

type Live = Extract<Situation, { kind: 'live' }>;

/** The machines beside the writer: the way back, and those that only cost money. */
export function standbyFindings(seen: Observations): readonly Finding[] {
  const { situation } = seen;
  if (situation.kind === 'empty') return situation.strays.flatMap((one) => stray(one, seen));
  if (situation.kind !== 'live') return [];
  return [
    ...situation.silent.map((one) => silent(one, situation)),
    ...situation.strays.flatMap((one) => stray(one, seen)),
    ...overdue(situation, seen),
    ...wayBack(situation, seen),
    ...situation.standbys.filter(({ status }) => status.role !== 'relay').map(fenced),
  ];
}

function silent(one: Silent, { writer }: Live): Finding {
  return {
    code: 'silent',
    severity: 'warning',
    found: describeSilent(one),
    means: `it may have served before ${writer.tags.release}, and costs money; look first whether it holds writes that you need`,
    repair: decide(`anny-bluegreen retire ${one.tags.release} --force`),
  };
}

/** One whose app runs was made ready on purpose; any other was left in the middle, unless its command still runs. */
function stray(one: Answering | Silent, seen: Observations): Finding[] {
  const { situation, nowSeconds, rules } = seen;
  const { release } = one.tags;
  if (isBeingDone(seen, one)) return [];
  const since = Date.parse(one.instance.createdAt) / 1000;
  const old = nowSeconds - since;
  if ('box' in one && one.status.app.running && one.status.takeover.from === '' && old < rules.windowSeconds) {
    const found = `${release} was made ready ${age(old)} ago`;
    const means = 'promote uses it if it has the image; it costs money meanwhile';
    return [{ code: 'prepared', severity: 'info', found, means, repair: look('anny-bluegreen plan') }];
  }
  const force = !('box' in one);
  // Where nothing is live the next promote takes it away: retire wants to be sure that something serves.
  const repair = situation.kind === 'live' ? fix({ kind: 'retire', release, force }) : decide('anny-bluegreen promote');
  return [
    {
      code: 'orphan',
      severity: 'warning',
      found: `${release} was made ${age(old)} ago and never served${force ? '; it does not answer' : ''}`,
      means: 'an interrupted command left it; it only costs money',
      repair,
    },
  ];
}

function overdue(situation: Live, { world, rules }: Observations): Finding[] {
  const due = dueStandbys(world, situation, rules).filter(({ stays }) => stays === undefined);
  if (due.length === 0) return [];
  return [
    {
      code: 'standby-overdue',
      severity: 'warning',
      found: `${due.map(({ machine }) => machine.tags.release).join(', ')}: the window is over, and nothing is relayed any more`,
      means: 'it only costs money',
      repair: fix({ kind: 'retire', force: false }),
    },
  ];
}

function wayBack(situation: Live, { rules }: Observations): Finding[] {
  const back = wayBackOf(situation);
  if (back === undefined) {
    return [
      {
        code: 'no-way-back',
        severity: 'info',
        found: 'there is no standby',
        means: 'rollback has nowhere to go, restore has; the next promote leaves one',
        repair: look('anny-bluegreen plan'),
      },
    ];
  }
  const { tags, status } = back;
  const until = Math.max(tags.keepUntil, status.since + rules.windowSeconds);
  if (until > status.now) return [];
  return [
    {
      code: 'way-back-kept',
      severity: 'info',
      found: `${tags.release} is past its window, and is kept since it is the only way back`,
      means: `it has the data of ${age(status.now - status.since)} ago, costs money, and takes everything along when you roll back to it`,
      repair: decide(`anny-bluegreen retire ${tags.release}`),
    },
  ];
}

function fenced({ tags, status }: Answering): Finding {
  const since = status.role === 'fenced' ? `${age(status.now - status.since)} ago` : 'by powering it off';
  return {
    code: 'fenced',
    severity: 'info',
    found: `${tags.release} was fenced ${since}`,
    means: `it serves nobody, costs money, and may hold writes that nothing else has: this takes it back, retire ${tags.release} --force destroys it`,
    repair: decide(`anny-bluegreen rollback --to ${tags.release} --lose-writes`),
  };
}
