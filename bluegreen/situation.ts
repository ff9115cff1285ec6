import { AnnyError } from '../operation/errors.ts';
import { isHolder } from './leading.ts';
import type { World } from './observe.ts';
import type { Answering, Silent } from './release.ts';

/** What the machines' own words amount to: who writes, and what else is there. */
export type Situation =
  /** Nobody has ever been the writer. */
  | { readonly kind: 'empty'; readonly strays: readonly (Answering | Silent)[] }
  | ({ readonly kind: 'live'; readonly writer: Answering } & Others)
  /** A relay sends everything to a machine that does not know yet that it is the writer: a handover stopped after its commit. */
  | ({ readonly kind: 'committed'; readonly relay: Answering; readonly successor: Answering } & Others)
  /** There are releases, and none that answers is the writer. */
  | ({ readonly kind: 'dark' } & Others)
  | { readonly kind: 'two-writers'; readonly writers: readonly Answering[] };

interface Others {
  /** Relays, the newest first: each holds the state as it was when it handed over. */
  readonly standbys: readonly Answering[];
  /** Machines that never wrote: what an interrupted command left. */
  readonly strays: readonly (Answering | Silent)[];
  /** Machines that may have written and cannot be asked. */
  readonly silent: readonly Silent[];
}

/** The latest that any machine has been the writer of, or a later one: who cannot be asked may have been one more. */
export function latestGeneration(situation: Situation): number {
  if (situation.kind === 'two-writers') return Math.max(...situation.writers.map(({ status }) => status.generation));
  const besides = situation.kind === 'empty' ? [] : situation.standbys;
  const writer = situation.kind === 'live' ? [situation.writer] : [];
  const candidates = situation.strays.filter((one) => 'box' in one);
  const unasked = cannotBeAsked({ silent: [], ...situation }).length;
  return Math.max(0, ...[...writer, ...besides, ...candidates].map(({ status }) => status.generation)) + unasked;
}

/** The machine's role file decides; tags only tell which silent machines never served. */
export function judge(world: World): Situation {
  const superseded = withRole(world, 'writer').filter(isSuperseded);
  const writers = withRole(world, 'writer').filter((one) => !superseded.includes(one));
  const [writer, second] = writers;
  if (writer !== undefined && second !== undefined) return { kind: 'two-writers', writers };
  // By what each wrote: it is the order of the data, however often a relay was pointed elsewhere since.
  const standbys = [...withRole(world, 'relay'), ...withRole(world, 'fenced'), ...superseded].sort(
    (a, b) => wrote(b) - wrote(a) || inRoleFor(a) - inRoleFor(b),
  );
  const candidates = [...withRole(world, 'candidate'), ...withRole(world, 'none')];
  const neverServed = world.silent.filter((machine) => isStray(machine, world));
  const silent = world.silent.filter((machine) => !neverServed.includes(machine));
  const others = { standbys, strays: [...candidates, ...neverServed], silent };
  if (writer !== undefined) return { kind: 'live', writer, ...others };
  for (const relay of standbys) {
    const successor = [...candidates, ...standbys].find((one) => isSuccessor(one, relay));
    if (successor === undefined) continue;
    const besides = (one: Answering | Silent): boolean => one !== successor;
    return {
      ...{ kind: 'committed', relay, successor, silent },
      ...{ standbys: standbys.filter(besides), strays: others.strays.filter(besides) },
    };
  }
  if (standbys.length === 0 && silent.length === 0 && candidates.every((one) => one.status.takeover.from === '')) {
    return { kind: 'empty', strays: others.strays };
  }
  return { kind: 'dark', ...others };
}

/** The history of a later writer may have come with a handover that came to nothing: only what a machine wrote itself it has for sure. */
function wrote({ status }: Answering): number {
  return status.wrote ?? status.generation;
}

/** In seconds, by its own clock: no two agree. */
function inRoleFor({ status }: Answering): number {
  return status.now - status.since;
}

/** It was powered off and another machine became the writer; started again, it serves nobody since the name leads elsewhere. */
function isSuperseded({ tags, status }: Answering): boolean {
  return tags.stage === 'fenced' && !status.app.running;
}

/** Everything is sent to it, and it does not know yet. In a rollback it is a relay itself, which took over. */
function isSuccessor({ address, status }: Answering, relay: Answering): boolean {
  if (relay.status.role !== 'relay' || relay.status.relayTo !== address) return false;
  if (status.role === 'relay') return status.takeover.from === relay.address;
  return status.role === 'candidate' || status.role === 'none';
}

/** Never marked live, and neither the name nor a relay leads to it. */
function isStray(machine: Silent, world: World): boolean {
  const led = [
    world.record?.data,
    ...world.nameAnswers.flatMap(({ addresses }) => addresses),
    ...world.answering.map(({ status }) => status.relayTo),
  ];
  return machine.tags.stage === 'candidate' && !led.includes(machine.address) && !isHolder(world.reservedIp, machine);
}

function withRole(world: World, role: Answering['status']['role']): Answering[] {
  return world.answering.filter(({ status }) => status.role === role);
}

/** Machines that cannot be asked, marked or not: all of them are fenced before anything else becomes the writer. */
export function cannotBeAsked({ silent, strays }: Pick<Others, 'silent' | 'strays'>): readonly Silent[] {
  return [...silent, ...strays.filter((one) => 'problem' in one)];
}

/** Two writers is the one thing that must not be; nothing goes on before a person has chosen. */
export function refuseTwoWriters(writers: readonly Answering[]): AnnyError {
  const named = writers.map(({ tags, address, status }) => `${tags.release} (${address}, since ${when(status.since)})`);
  return new AnnyError('TWO_WRITERS', {
    doing: 'looking for the writer',
    found: `${named.join(' and ')} both say that they are`,
    next: `find out which one has the writes, back the other up, then fence it: anny-bluegreen ssh RELEASE -- sudo anny-box fence`,
  });
}

function when(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}
