import type { Plan as MachinePlan } from '../cloud/cloud.ts';
import type { Plan } from './plan.ts';

const GB = 1024 ** 3;

export interface Room {
  readonly plans: readonly MachinePlan[];
  /** infra.vultr_plan and infra.vultr_region. */
  readonly planOfNew: string;
  readonly region: string;
  /** Of everybody in the account. */
  readonly machines: number;
  /** infra.instance_limit; 0 for not known. */
  readonly limit: number;
}

/** Why the account will not make the machine that a plan needs, from what is read for its cost anyway. `doctor --preflight` knows more. */
export function roomProblems(plan: Plan, { plans, planOfNew, region, machines, limit }: Room): readonly string[] {
  if (!('image' in plan) || plan.reuse !== undefined) return [];
  const wanted = plans.find(({ id }) => id === planOfNew);
  if (wanted === undefined)
    return [`the account will refuse the machine: there is no plan ${planOfNew} (infra.vultr_plan)`];
  const needed = Math.ceil(plan.image.sizeBytes / GB);
  const left = machines - plan.clear.length;
  return [
    ...(wanted.regions.includes(region)
      ? []
      : [`the account will refuse the machine: ${region} does not offer ${planOfNew}`]),
    ...(wanted.diskGb >= needed
      ? []
      : [
          `the account will refuse the machine: ${planOfNew} has ${wanted.diskGb} GB, and the snapshot needs ${needed} GB`,
        ]),
    ...(limit === 0 || left < limit
      ? []
      : [`the account will refuse the machine: it has ${left}, and infra.instance_limit is ${limit}`]),
  ];
}
