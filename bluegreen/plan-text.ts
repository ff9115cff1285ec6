import type { JournalEntry } from '../operation/journal.ts';
import { age, type Plan } from './plan.ts';

/** What `plan` prints and `--json` gives: a plan in words, with what it cost in time before. */
export interface PlanView {
  readonly action: Plan['action'];
  readonly summary: string;
  readonly steps: readonly PlannedStep[];
  readonly risks: readonly string[];
  readonly monthlyCostUsd: number | null;
}

export interface PlannedStep {
  readonly name: string;
  readonly what: string;
  /** How long it took the last time; null when it has never run from here. */
  readonly lastTookMs: number | null;
}

export interface PlanFacts {
  readonly name: string;
  readonly standbyWindowMs: number;
  readonly watchMs: number;
  readonly holdBudgetMs: number;
  readonly backupsConfigured: boolean;
  readonly smoke: boolean;
  readonly monthlyCostUsd: number | null;
  readonly journal: readonly JournalEntry[];
}

type Line = readonly [name: string, what: string];

export function viewPlan(plan: Plan, facts: PlanFacts): PlanView {
  return {
    action: plan.action,
    summary: summaryOf(plan, facts),
    steps: linesOf(plan, facts).map(([name, what]) => ({ name, what, lastTookMs: lastTook(facts.journal, name) })),
    risks: risksOf(plan, facts),
    monthlyCostUsd: facts.monthlyCostUsd,
  };
}

function summaryOf(plan: Plan, facts: PlanFacts): string {
  switch (plan.action) {
    case 'none':
      return `${plan.writer.tags.release} is live; its name, its certificate and its standbys are put in order`;
    case 'first':
      return `first release of ${facts.name}: ${plan.slot}, image ${plan.image.digest.slice(0, 12)}`;
    case 'promote':
      return `${plan.from.tags.slot} (image ${plan.from.tags.image}) -> ${plan.slot} (image ${plan.image.digest.slice(0, 12)}), with the data`;
    case 'rollback':
      return `${plan.from.tags.release} -> ${plan.to.tags.release}, with everything written since`;
    case 'fall-back':
      return `${plan.to.tags.release} serves again; writes of the last ${age(plan.lostSeconds)} are LOST`;
    case 'take-over':
      return `${plan.to.tags.release} had taken everything over and becomes the writer; unless that was cut off, writes of the last ${age(plan.lostSeconds)} are LOST`;
    case 'restore':
      return `a new machine from image ${plan.image.digest.slice(0, 12)} and backup ${plan.backup.name}; writes of the last ${age(plan.lostSeconds)} are LOST`;
  }
}

function linesOf(plan: Plan, facts: PlanFacts): Line[] {
  const clear: Line[] =
    'clear' in plan ? plan.clear.map(({ tags }) => ['clear', `destroy ${tags.release}, never served`]) : [];
  const fence: Line[] =
    'fence' in plan ? plan.fence.map(({ tags }) => ['fence', `make sure that ${tags.release} cannot write`]) : [];
  const point: Line[] = [
    ['switch', `point ${facts.name} at the writer`],
    ['name servers', "ask the zone's own until all agree"],
  ];
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
        ['health', 'by HTTPS and name'],
        ...smoke,
      ];
    case 'promote':
      return [
        ...clear,
        ...prepareLines([stateLine(facts)]),
        ['health', 'by HTTPS and name, at the new address'],
        ...smoke,
        ...handoverLines(facts),
        ...point,
        ['watch', `${facts.watchMs / 1000} s; bad answers roll back, data kept`],
      ];
    case 'rollback':
      return [...handoverLines(facts), ...point];
    case 'fall-back':
    case 'take-over':
      return [...fence, ['activate', `${plan.to.tags.release} becomes the writer`], ...point];
    case 'restore':
      return [
        ...clear,
        ...prepareLines([['restore backup', plan.backup.name]]),
        ['health', 'by HTTPS and name, at the new address'],
        ...smoke,
        ...fence,
        ['activate', 'it becomes the writer'],
        ...point,
      ];
  }
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

function stateLine(facts: PlanFacts): Line {
  return facts.backupsConfigured
    ? ['restore backup', 'a fresh one, made now: every deploy is a restore drill']
    : ['copy state', 'from the live machine'];
}

function handoverLines(facts: PlanFacts): Line[] {
  return [
    ['pull ahead', 'copy the state while the old one serves'],
    ['hold', `new requests wait, at most ${facts.holdBudgetMs / 1000} s`],
    ['quiesce', 'the old app finishes what it has and stops'],
    ['pull the difference', 'and compare checksums'],
    ['take over', 'the new app starts on the moved data'],
    ['commit', 'one atomic write: the old machine relays from here on'],
    ['activate', 'the new machine is the writer'],
  ];
}

function risksOf(plan: Plan, facts: PlanFacts): string[] {
  const unsaved = facts.backupsConfigured
    ? []
    : ['backup.recipients is empty: there is no backup if a machine is lost'];
  switch (plan.action) {
    case 'promote':
      return [
        `until the commit every failure leaves ${plan.from.tags.release} serving; after it everything goes forward`,
        ...unsaved,
      ];
    case 'take-over':
      return [`writes of the last ${age(plan.lostSeconds)} may be lost`, ...unsaved];
    case 'fall-back':
    case 'restore':
      return [`writes of the last ${age(plan.lostSeconds)} are lost`, ...unsaved];
    default:
      return unsaved;
  }
}

function lastTook(journal: readonly JournalEntry[], step: string): number | null {
  const end = journal.findLast((entry) => entry.step === step && entry.event === 'result');
  if (end === undefined) return null;
  const begin = journal.findLast(
    (entry) =>
      entry.step === step && entry.event === 'intent' && entry.operation === end.operation && entry.at <= end.at,
  );
  return begin === undefined ? null : end.at - begin.at;
}

export function planText(view: PlanView): string {
  const width = Math.max(0, ...view.steps.map(({ name }) => name.length));
  const took = (ms: number | null): string => (ms === null ? '' : `  (last time ${(ms / 1000).toFixed(1)} s)`);
  return [
    view.summary,
    '',
    ...view.steps.map(
      ({ name, what, lastTookMs }, index) =>
        `${String(index + 1).padStart(3)}  ${name.padEnd(width)}  ${what}${took(lastTookMs)}`,
    ),
    '',
    ...view.risks.map((risk) => `! ${risk}`),
    ...(view.monthlyCostUsd === null
      ? []
      : [`cost while both machines run: $${view.monthlyCostUsd.toFixed(2)} a month`]),
    '',
  ].join('\n');
}
