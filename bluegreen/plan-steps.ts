import type { HookEvent } from '../config/schema.ts';
import type { JournalEntry } from '../operation/journal.ts';
import type { PlanCost } from './cost/plan-cost.ts';
import { hooksAround } from './hook-events.ts';
import type { LongTtl } from './lower-ttl.ts';
import type { Plan } from './plan.ts';

/** What a plan's words are made of, beside the plan. */
export interface PlanFacts {
  readonly name: string;
  /** A TTL that is lowered ahead. */
  readonly longTtl: LongTtl | undefined;
  /** The reserved address that is to be attached to the writer; undefined where the record itself leads to it. */
  readonly reservedIp: string | undefined;
  /** Where the record leads now. */
  readonly led: string | undefined;
  readonly standbyWindowMs: number;
  /** What the watch looks for, in words. */
  readonly watch: string;
  readonly holdBudgetMs: number;
  /** Why new machines get no backup; undefined when they do. */
  readonly noBackup: string | undefined;
  readonly backupsConfigured: boolean;
  readonly smoke: boolean;
  /** Programs of the operator's own, by event. */
  readonly hooks: Readonly<Partial<Record<HookEvent, string>>>;
  /** What the health gate asks for, in words. */
  readonly gate: string;
  /** Certificates that the issuer gives for one name in 7 days, and who that is. */
  readonly weeklyLimit: number;
  readonly acmeServer: string;
  /** What the account will refuse. */
  readonly room: readonly string[];
  /** undefined where the account does not tell it. */
  readonly cost: PlanCost | undefined;
  readonly journal: readonly JournalEntry[];
}

/** A step's name, as it is journaled, and what it does. */
type Line = readonly [name: string, what: string];

/** The plan's own lines, with those of the hooks at which it stops. */
export function stepsOf(plan: Plan, facts: PlanFacts): Line[] {
  const around = hooksAround(plan);
  const lines = linesOf(plan, facts);
  if (around === undefined) return lines;
  const hook = (event: HookEvent): Line[] => {
    const path = facts.hooks[event];
    return path === undefined ? [] : [[`hook ${event}`, path]];
  };
  return [
    ...hook(around.before),
    ...lines.flatMap((line): Line[] => {
      if (line[0] === (plan.action === 'promote' ? 'look back' : 'pull ahead')) return [...hook('pre-handover'), line];
      return line[0] === 'name servers' ? [line, ...hook('post-switch')] : [line];
    }),
    ...hook(around.after),
  ];
}

function linesOf(plan: Plan, facts: PlanFacts): Line[] {
  const clear: Line[] =
    'clear' in plan ? plan.clear.map(({ tags }) => ['clear', `destroy ${tags.release}, never served`]) : [];
  const fence: Line[] =
    'fence' in plan ? plan.fence.map(({ tags }) => ['fence', `make sure that ${tags.release} cannot write`]) : [];
  const point = pointLines(facts);
  const smoke: Line[] = facts.smoke ? [['smoke test', 'the script of deploy.smoke']] : [];
  switch (plan.action) {
    case 'none':
      return point;
    case 'first':
      return [
        ...clear,
        ...prepareLines([]),
        ['activate', 'it becomes the writer'],
        ...point,
        ['certificate', 'issued by HTTP-01'],
        ['health', `by HTTPS and name; ${facts.gate}`],
        ...smoke,
        ['watch', 'there is nothing to go back to: what is bad is said'],
      ];
    case 'promote':
      return [
        ...ttlLines(facts),
        ...clear,
        ...prepareLines([stateLine(plan.withoutBackup ? 'without a backup, as was said' : facts.noBackup)]),
        ['health', `by HTTPS and name, at the new address; ${facts.gate}`],
        ...smoke,
        ['look back', 'what clients got in the last hour'],
        ...handoverLines(facts),
        ...point,
        ['watch', facts.watch],
      ];
    case 'rollback':
      return [
        ...(facts.backupsConfigured ? [['backup', `of ${plan.from.tags.release}`] as const] : []),
        ...handoverLines(facts),
        ...point,
      ];
    case 'take-back':
      return [
        ...('box' in plan.to ? [] : [['start machine', `${plan.to.tags.release} is powered off`] as const]),
        ...fence,
        ['unfence', `${plan.to.tags.release} becomes the writer`],
        ['health', `by HTTPS and name, before the name leads there; ${facts.gate}`],
        ...point,
      ];
    case 'fall-back':
    case 'take-over':
      return [
        ...fence,
        ['activate', `${plan.to.tags.release} becomes the writer`],
        ['health', `by HTTPS and name, before the name leads there; ${facts.gate}`],
        ...point,
      ];
    case 'restore':
      return [
        ...prepareLines([['restore backup', plan.backup.name]]),
        ['health', `by HTTPS and name, at the new address; ${facts.gate}`],
        ...smoke,
        ...clear,
        ...fence,
        ['activate', 'it becomes the writer'],
        ...point,
        ['watch', 'there is nothing to go back to: what is bad is said'],
      ];
  }
}

function pointLines({ name, reservedIp, led }: PlanFacts): Line[] {
  const servers: Line = ['name servers', "ask the zone's own, over UDP and TCP, until all agree"];
  if (reservedIp === undefined) return [['switch', `point ${name} at the writer`], servers];
  const also = led === reservedIp ? '' : `, and point ${name} at it`;
  return [['switch', `attach the reserved IP ${reservedIp} to the writer${also}`], servers];
}

function ttlLines({ longTtl }: PlanFacts): Line[] {
  if (longTtl === undefined) return [];
  return [
    [
      'lower TTL',
      `from ${longTtl.seconds} s to ${longTtl.wanted} s, ahead; what resolvers know by now they keep as long as it was`,
    ],
  ];
}

function prepareLines(state: readonly Line[]): Line[] {
  return [
    ['create machine', 'from the snapshot, with a pinned host key'],
    ['boot', 'until it answers with that key'],
    ['secrets', 'from here, never in the image'],
    ...state,
    ['start the app', 'until it is healthy'],
  ];
}

function stateLine(why: string | undefined): Line {
  return why === undefined
    ? ['restore backup', 'a fresh one, made now: every deploy is a restore drill']
    : ['copy state', `from the live machine: ${why}`];
}

function handoverLines(facts: PlanFacts): Line[] {
  return [
    ['pull ahead', 'copy the state while the old one serves'],
    ['hold', `new requests wait, at most ${facts.holdBudgetMs / 1000} s; the old app finishes what it has`],
    ['take over', 'pull the difference, compare checksums, start the new app on it'],
    ['commit', 'one atomic write: the old machine relays from here on'],
    ['activate', 'the new machine is the writer'],
  ];
}
