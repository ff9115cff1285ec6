import { z } from 'zod';
import type { NoteId } from '../cloud/cloud.ts';

/** What somebody who works on a scope (an environment, a bake's digest) writes down in the account. */
export const claimSchema = z.object({
  operation: z.string(),
  /** As it was typed. */
  command: z.string(),
  /** Why, in the operator's words; "" for none. */
  reason: z.string(),
  user: z.string(),
  host: z.string(),
  process: z.object({ pid: z.number().int(), startedAt: z.string(), home: z.string() }),
  /** Milliseconds since the epoch, by the clock of whoever wrote it. */
  since: z.number(),
  beatAt: z.number(),
  /** Grows while its writer lives. */
  beat: z.number().int(),
  token: z.number().int(),
  /** `left`: its writer is gone, or gave up, in the middle of its work. Blocks nobody; it says what to go on with. */
  state: z.enum(['waiting', 'held', 'left']),
  /** What is being done, for whoever may have to go on with it; null until that is known. */
  work: z.unknown(),
});

export type Claim = z.infer<typeof claimSchema>;

/** Every claim's name begins with it. */
export const PREFIX = 'anny-lease/';

export function prefixOf(scope: string): string {
  return `${PREFIX}${scope}/`;
}

export function scopeOf(name: string): string {
  return name.slice(PREFIX.length).split('/')[0] ?? '';
}

export function nameOf(scope: string, operation: string): string {
  return `${prefixOf(scope)}${operation}`;
}

/** Where a claim that was taken over is kept: another note, since its writer may wake up and write on the old one. */
export function leftNameOf(scope: string, operation: string): string {
  return `${nameOf(scope, operation)}/left`;
}

/** undefined for a text that this version does not understand. */
export function readClaim(text: string): Claim | undefined {
  const parsed = claimSchema.safeParse(asJson(text));
  return parsed.success ? parsed.data : undefined;
}

export interface WrittenClaim {
  readonly id: NoteId;
  readonly claim: Claim;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
