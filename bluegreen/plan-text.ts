import type { JournalEntry } from '../operation/journal.ts';
import { age } from './age.ts';
import { type PlanCost, planCostText } from './cost/plan-cost.ts';
import { type CertificateView, certificatesOf, certificatesText } from './issuer-budget.ts';
import { describeLostWrites } from './lost-writes.ts';
import type { Plan } from './plan.ts';
import { type PlanFacts, stepsOf } from './plan-steps.ts';

/** What `plan` prints and `--json` gives: a plan in words, with what it cost in time before. */
export interface PlanView {
  readonly action: Plan['action'];
  readonly summary: string;
  readonly steps: readonly PlannedStep[];
  readonly risks: readonly string[];
  readonly certificates: CertificateView;
  readonly cost: PlanCost | null;
}

export interface PlannedStep {
  readonly name: string;
  readonly what: string;
  /** How long it took the last time; null when it has never run from here. */
  readonly lastTookMs: number | null;
}

export function viewPlan(plan: Plan, facts: PlanFacts): PlanView {
  return {
    action: plan.action,
    summary: summaryOf(plan, facts),
    steps: stepsOf(plan, facts).map(([name, what]) => ({ name, what, lastTookMs: lastTook(facts.journal, name) })),
    risks: risksOf(plan, facts),
    certificates: certificatesOf(plan, facts.weeklyLimit),
    cost: facts.cost ?? null,
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
    case 'take-back':
      return `${plan.to.tags.release} serves again, with the data that it had when it was fenced; writes of at most the last ${age(plan.lostSeconds)} are LOST`;
    case 'restore':
      return `a new machine from image ${plan.image.digest.slice(0, 12)} and backup ${plan.backup.name}; writes of the last ${age(plan.lostSeconds)} are LOST`;
  }
}

function risksOf(plan: Plan, facts: PlanFacts): string[] {
  const unsaved = [
    ...facts.room,
    ...unsavedBy(facts),
    ...(facts.acmeServer.includes('staging')
      ? ['tls.acme_server is for trying: no browser trusts what it issues']
      : []),
  ];
  switch (plan.action) {
    case 'promote':
      return [
        `until the commit every failure leaves ${plan.from.tags.release} serving; after it everything goes forward`,
        ...changeOfWay(plan.from.address, facts),
        ...cachedRisk(plan.from.tags.release, facts),
        ...unsaved,
      ];
    case 'take-over':
      return [`writes of the last ${age(plan.lostSeconds)} may be lost`, ...unsaved];
    case 'fall-back':
      return [`writes of the last ${age(plan.lostSeconds)} are lost`, describeLostWrites(plan.lostWrites), ...unsaved];
    case 'take-back':
    case 'restore':
      return [`writes of the last ${age(plan.lostSeconds)} are lost; how many, nobody has counted`, ...unsaved];
    default:
      return unsaved;
  }
}

/** From one way of switching to the other, on a live system. */
function changeOfWay(from: string, { name, reservedIp, led }: PlanFacts): string[] {
  if (led === undefined || led === (reservedIp ?? from)) return [];
  if (reservedIp !== undefined) {
    return [
      `${name} leads to ${led} so far: this once its record changes as well, and who still has ${led} is relayed`,
    ];
  }
  return [
    `${name} leads to ${led}, and deploy.switch is dns: its record is pointed at the new machine, and ${led} stays where it is attached`,
  ];
}

function cachedRisk(release: string, { longTtl }: PlanFacts): string[] {
  if (longTtl === undefined) return [];
  return [`resolvers may know the old address for ${age(longTtl.seconds)}: ${release} relays, and stays as long`];
}

function unsavedBy({ backupsConfigured, noBackup }: PlanFacts): string[] {
  if (!backupsConfigured) return ['backup.repository is empty: there is no backup if a machine is lost'];
  if (noBackup === undefined) return [];
  return ['backup.repository is a path on the machine: if that is lost, so are its backups'];
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
    `certificates: ${certificatesText(view.certificates)}`,
    ...(view.cost === null ? [] : planCostText(view.cost)),
    '',
  ].join('\n');
}
