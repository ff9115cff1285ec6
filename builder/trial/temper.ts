import type { Plan } from '../../cloud/cloud.ts';
import { usd } from '../../cloud/money.ts';

/** Before the effect: refused, or Ctrl-C. After it: the answer is lost. */
export type Fault = 'refused' | 'lost' | 'interrupt';

/** How the simulated account and its machines behave. */
export interface Temper {
  readonly snapshotMs: number;
  readonly powersOff: boolean;
  /** What the machine's own search and checks say, by kind of machine. */
  readonly searchSays: Readonly<Record<'bake' | 'boot-test', string>>;
  readonly failingCheck: Readonly<Record<'bake' | 'boot-test', string>>;
  readonly plan: Plan;
  /** The report of lynis. */
  readonly lynisSays: string;
  /** A script with this text fails. */
  readonly failingScript: string;
  /** By the number of the call, from 1. */
  readonly faults: ReadonlyMap<number, Fault>;
}

const PLAN_COST = { monthlyCost: usd(5), hourlyUsd: 0.007 };

export const CALM: Temper = {
  snapshotMs: 60_000,
  powersOff: true,
  searchSays: { bake: '', 'boot-test': '' },
  failingCheck: { bake: '', 'boot-test': '' },
  plan: { id: 'vc2-1c-1gb', diskGb: 25, ramMb: 1024, vcpus: 1, regions: ['ewr'], ...PLAN_COST },
  lynisSays: 'hardening_index=100\n',
  failingScript: '',
  faults: new Map(),
};
