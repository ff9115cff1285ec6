import { z } from 'zod';
import { type ReleaseCommand, releaseCommandSchema } from './command.ts';
import type { Plan } from './plan.ts';
import type { Release } from './release.ts';

/** What a command has in hand: written down before its first effect, so that any computer can go on with it. */
const workSchema = z.object({
  /** With everything chosen: which image, which standby, which backup. */
  command: releaseCommandSchema,
  /** Of this command and of those that it goes on with: what they made is tagged with them. */
  operations: z.array(z.string()),
  /** The release that is to serve, where it was there already; "" for a machine that is made. */
  to: z.string(),
  /** What it brought was found bad, and why: everything goes back to this release. */
  back: z.object({ to: z.string(), why: z.string() }).nullable().default(null),
});

export type Work = z.infer<typeof workSchema>;
export type Back = NonNullable<Work['back']>;

/** Before everything goes back: whoever goes on after a kill goes on with that. */
export type WriteDownBack = (back: Back) => Promise<void>;

/** undefined: nothing, or of another version. */
export function readWork(work: unknown): Work | undefined {
  const parsed = workSchema.safeParse(work);
  return parsed.success ? parsed.data : undefined;
}

export function workOf(command: ReleaseCommand, plan: Plan | undefined, operations: readonly string[]): Work {
  const chosen = plan === undefined ? command : chosenIn(command, plan);
  return { command: chosen, operations: [...operations], to: plan === undefined ? '' : targetOf(plan), back: null };
}

function chosenIn(command: ReleaseCommand, plan: Plan): ReleaseCommand {
  switch (command.kind) {
    case 'promote':
    case 'prepare':
      return 'image' in plan ? { ...command, image: plan.image.digest } : command;
    case 'rollback':
      return 'to' in plan ? { ...command, to: plan.to.tags.release } : command;
    case 'restore':
      return plan.action === 'restore' ? { ...command, image: plan.image.digest, backup: plan.backup.name } : command;
    case 'settle':
    case 'retire':
      return command;
  }
}

function targetOf(plan: Plan): string {
  switch (plan.action) {
    case 'none':
      return plan.writer.tags.release;
    case 'first':
    case 'promote':
    case 'restore':
      return plan.reuse?.tags.release ?? '';
    case 'rollback':
    case 'fall-back':
    case 'take-back':
    case 'take-over':
      return plan.to.tags.release;
  }
}

/** Is this release what the work was to bring? */
export function isOutcomeOf({ operations, to, back }: Work, { tags }: Release): boolean {
  if (back !== null) return tags.release === back.to;
  return operations.includes(tags.operation) || tags.release === to;
}
