import { runningIn } from '../../lease/list.ts';
import { age } from '../age.ts';
import { fencedLacks, isExactlyFenced, standbyLacks } from '../given-up.ts';
import type { Answering, Silent } from '../release.ts';
import { refuseTwoWriters, type Situation } from '../situation.ts';
import { decide, type Finding, fix, look } from './finding.ts';
import type { Observations } from './observations.ts';

type Of<Kind extends Situation['kind']> = Extract<Situation, { kind: Kind }>;

/** Who writes, and whether everybody agrees about it. */
export function roleFindings(seen: Observations): readonly Finding[] {
  const { situation } = seen;
  switch (situation.kind) {
    case 'empty':
      return gone(seen);
    case 'two-writers':
      return [twoWriters(situation)];
    case 'committed':
      return runningIn(seen.claims) === undefined ? [committed(situation)] : [];
    case 'dark':
      return [dark(situation, seen)];
    case 'live':
      return live(situation, seen);
  }
}

/** There is nobody to ask; what they kept tells that they were there. */
function gone({ backups: { files }, claims, nowSeconds }: Observations): Finding[] {
  const [newest] = files;
  if (newest === undefined || runningIn(claims) !== undefined) return [];
  return [
    {
      code: 'machines-gone',
      severity: 'critical',
      found: `the account has no machine of this environment any more; ${newest.release} kept a backup ${age(nowSeconds - newest.at)} ago`,
      means: 'users get no answer: the machine was destroyed, and the newest backup is what is left',
      repair: decide('anny-bluegreen restore'),
    },
  ];
}

function twoWriters({ writers }: Of<'two-writers'>): Finding {
  return {
    code: 'two-writers',
    severity: 'critical',
    found: refuseTwoWriters(writers).found,
    means: 'users may be writing to both: find out which one has the writes, back the other up, then fence that',
    repair: look(`anny-bluegreen ssh ${writers[0]?.tags.release ?? ''} -- sudo anny-box status`),
  };
}

function committed({ relay, successor }: Of<'committed'>): Finding {
  return {
    code: 'handover-unfinished',
    severity: 'critical',
    found: `${relay.tags.release} handed over to ${successor.tags.release}, which has not been made the writer yet`,
    means:
      'a command was cut off after its commit; users are served, but a restart of the new machine would keep them waiting',
    repair: fix({ kind: 'settle' }),
  };
}

function dark({ standbys, silent, strays }: Of<'dark'>, { nowSeconds, backups }: Observations): Finding {
  const dead = silent.map(describeSilent).join('; ') || 'no machine is the writer';
  if (silent.some(({ keyRefused }) => keyRefused)) return shutOut(dead);
  const wayBack = standbys.find(({ status }) => status.role === 'relay');
  const off = silent.length === 0 ? '' : 'start it again in the account if you can: then nothing is lost; ';
  if (wayBack !== undefined) {
    const { tags } = wayBack;
    return {
      code: 'nobody-serves',
      severity: 'critical',
      found: dead,
      means: `users get no answer. ${off}else ${tags.release} has everything up to ${age(standbyLacks(wayBack, nowSeconds))} ago`,
      repair: decide('anny-bluegreen rollback'),
    };
  }
  const lacks = (one: Answering): number => fencedLacks(one, nowSeconds);
  const taken = standbys.filter(isExactlyFenced).sort((a, b) => lacks(a) - lacks(b))[0];
  const backupAge = nowSeconds - (backups.files[0]?.at ?? 0);
  if (taken !== undefined && lacks(taken) <= backupAge) {
    return {
      code: 'nobody-serves',
      severity: 'critical',
      found: dead,
      means: `users get no answer. ${off}else ${taken.tags.release}, which was fenced, has the newest data: everything up to ${age(lacks(taken))} ago`,
      repair: decide(`anny-bluegreen rollback --to ${taken.tags.release} --lose-writes`),
    };
  }
  const heir = strays.find((one) => 'box' in one && one.status.takeover.from !== '');
  const rest = heir === undefined ? 'the newest backup is what is left' : `${heir.tags.release} had taken over`;
  return {
    code: 'nobody-serves',
    severity: 'critical',
    found: dead,
    means: `users get no answer. ${off}else ${rest}; restore says first what that loses`,
    repair: decide('anny-bluegreen restore'),
  };
}

/** No word of a restore: whoever has the wrong key would take a machine that serves for a dead one. */
function shutOut(found: string): Finding {
  return {
    code: 'key-refused',
    severity: 'critical',
    found,
    means:
      "it runs, and users may well be served: this computer's key (infra.ssh_private_key) is none that it knows; another operator's ssh-keys push lets one in that config.yaml names",
    repair: look('anny-bluegreen doctor --preflight'),
  };
}

function live(situation: Of<'live'>, { claims }: Observations): Finding[] {
  const { writer, standbys } = situation;
  // What a command is doing just now is no finding.
  const isCutOff = writer.status.held && runningIn(claims) === undefined;
  return [
    ...(isCutOff ? [held(writer)] : []),
    ...standbys.flatMap((one) => standbyRole(one, writer)),
    ...(writer.tags.stage === 'live' ? [] : [mark(writer, 'the writer')]),
    ...[writer, ...standbys].flatMap(strangeTags),
  ];
}

function held({ tags, status }: Answering): Finding {
  return {
    code: 'held',
    severity: 'critical',
    found: `${tags.release} lets requests wait, for at most another ${age(status.holdUntil - status.now)}`,
    means:
      'a handover was cut off, and no command holds the lease; the machine serves again by itself when its time is over',
    repair: fix({ kind: 'settle' }),
  };
}

function standbyRole(one: Answering, writer: Answering): Finding[] {
  const { tags, status } = one;
  const { release } = tags;
  const found: Finding[] = [];
  if (status.generation > writer.status.generation) {
    found.push({
      code: 'newer-than-writer',
      severity: 'critical',
      found: `${release} is a ${status.role} of generation ${status.generation}, the writer ${writer.tags.release} of ${writer.status.generation}`,
      means: 'it may hold writes that the writer lacks: compare their histories before anything is destroyed',
      repair: look(`anny-bluegreen ssh ${release} -- sudo anny-box history`),
    });
  }
  if (status.role === 'relay' && status.relayTo !== writer.address) {
    found.push({
      code: 'relay-astray',
      severity: 'warning',
      found: `${release} sends what comes to it to ${status.relayTo}, and the writer is at ${writer.address}`,
      means: 'users with an old address go a longer way, or none if that machine goes',
      repair: fix({ kind: 'settle' }),
    });
  }
  if (status.role === 'relay' && !['standby', 'discarded'].includes(tags.stage)) found.push(mark(one, 'a relay'));
  if (status.app.running) {
    found.push({
      code: 'app-runs-aside',
      severity: 'critical',
      found: `the app runs on ${release}, which is a ${status.role}`,
      means: 'only the writer may write: what this one writes is lost',
      repair: fix({ kind: status.role === 'relay' ? 'stop' : 'fence', release }),
    });
  }
  return found;
}

function mark({ tags }: Answering, role: string): Finding {
  return {
    code: 'tags-disagree',
    severity: 'warning',
    found: `${tags.release} is ${role}, and the account says "stage=${tags.stage}"`,
    means: 'were it silent, it would be taken for something else',
    repair: fix({ kind: 'settle' }),
  };
}

/** Another machine's name or image: tags that somebody changed by hand, or an instance that was put back from a snapshot. */
function strangeTags({ tags, status }: Answering): Finding[] {
  const says = `${status.release} with image ${status.image.digest.slice(0, 12)}`;
  if (status.release === tags.release && status.image.digest.startsWith(tags.image)) return [];
  return [
    {
      code: 'identity-disagrees',
      severity: 'warning',
      found: `the account calls it ${tags.release} with image ${tags.image}, the machine calls itself ${says}`,
      means: 'the tags were changed by hand, or the disk is that of another machine',
      repair: look(`anny-bluegreen ssh ${tags.release} -- sudo anny-box status`),
    },
  ];
}

export function describeSilent({ tags, address, problem }: Silent): string {
  return `${tags.release} at ${address} does not answer (${problem})`;
}
