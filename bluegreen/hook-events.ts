import type { HookEvent } from '../config/schema.ts';
import type { HookFacts } from './hook-variables.ts';
import type { Plan } from './plan.ts';

/** The hooks around a plan as a whole; a plan that only puts things in order has none. */
export function hooksAround(plan: Plan): { readonly before: HookEvent; readonly after: HookEvent } | undefined {
  switch (plan.action) {
    case 'none':
      return undefined;
    case 'first':
    case 'promote':
      return { before: 'pre-promote', after: 'post-promote' };
    case 'rollback':
    case 'fall-back':
    case 'take-back':
      return { before: 'pre-rollback', after: 'post-rollback' };
    case 'restore':
    case 'take-over':
      return { before: 'pre-restore', after: 'post-restore' };
  }
}

/** What is known of a plan before it is carried out. */
export function factsOf(plan: Plan): HookFacts {
  switch (plan.action) {
    case 'none':
      return { release: plan.writer };
    case 'first':
    case 'restore':
      return { image: plan.image.digest.slice(0, 12) };
    case 'promote':
      return { from: plan.from, image: plan.image.digest.slice(0, 12) };
    case 'rollback':
      return { release: plan.to, from: plan.from };
    case 'fall-back':
    case 'take-back':
    case 'take-over':
      return { release: plan.to };
  }
}
