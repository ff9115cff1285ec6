import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bodyOf } from './body.ts';
import { Problem } from './problem.ts';
import type { Store } from './store.ts';

/** What the platform lets this account do: set by the admin API, kept with the account's data. */
export const termsSchema = z.object({
  /** Addresses that the key may be used from; none is anywhere. */
  access_list: z.array(z.string()).default([]),
  /** Machines at once; 0 is any number. */
  instance_limit: z.int().min(0).default(0),
  /** Plans that a region has no machines of just now. */
  sold_out: z.array(z.object({ region: z.string(), plan: z.string() })).default([]),
  /** How far the API's clock is ahead of this computer's. */
  clock_ahead_seconds: z.int().default(0),
});
export type Terms = z.infer<typeof termsSchema>;

/** GET tells them, PUT sets them all: what is left out is as it was in the beginning. */
export function addTerms(admin: FastifyInstance, store: Store): void {
  admin.get('/terms', () => store.state.terms);
  admin.put('/terms', async (request, reply) => {
    store.state.terms = bodyOf(termsSchema, request.body);
    await store.save();
    return reply.code(204).send();
  });
}

/** In the words of the real API (see refusal.test.ts of the client). */
export function refuseForeign({ access_list: allowed }: Terms, address: string): Problem | undefined {
  if (allowed.length === 0 || allowed.includes(address)) return undefined;
  return new Problem(401, `Unauthorized IP address: ${address}`);
}

export function isSoldOut({ sold_out: soldOut }: Terms, region: string, plan: string): boolean {
  return soldOut.some((one) => one.region === region && one.plan === plan);
}

/** The words are those of the API's first version; those of the second are not known. */
export function refuseBeyondLimit({ instance_limit: limit }: Terms, machines: number): void {
  if (limit === 0 || machines < limit) return;
  throw new Problem(
    400,
    'You have reached the maximum number of active virtual machines for this account. For security reasons, please contact our support team to have the limit raised',
  );
}
