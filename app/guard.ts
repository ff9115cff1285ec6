import type { FastifyReply, FastifyRequest } from 'fastify';
import { keyCheck, sentKey } from './api-key.ts';
import { fail, failureSchema } from './failure.ts';
import { createRateLimit } from './rate-limit.ts';

/** What the documentation says of a guarded route. */
export const security = [{ bearer: [] }, { header: [] }];
export const guardFailures = { 401: failureSchema, 429: failureSchema };

export interface GuardOptions {
  readonly apiKeys: readonly string[];
  /** Requests a minute for each key; 0 for no limit. */
  readonly rateLimit: number;
  readonly nowMs: () => number;
}

/** A hook that lets nobody in without a key, and each key in as often as it may. */
export function createGuard(options: GuardOptions) {
  const check = keyCheck(options.apiKeys);
  const limit = options.rateLimit === 0 ? undefined : createRateLimit(options.rateLimit, options.nowMs);

  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const key = check(sentKey(request));
    // Whoever guesses keys is counted by address.
    const allowance = limit?.(key === undefined ? `address ${request.ip}` : `key ${key}`);
    if (allowance !== undefined) {
      void reply.headers({
        'ratelimit-limit': options.rateLimit,
        'ratelimit-remaining': allowance.remaining,
        'ratelimit-reset': allowance.resetSeconds,
      });
      if (!allowance.allowed) {
        void reply.header('retry-after', allowance.resetSeconds);
        const message = `${options.rateLimit} requests a minute are allowed; go on in ${allowance.resetSeconds} s.`;
        return fail(request, reply, 429, 'too_many_requests', message);
      }
    }
    if (key !== undefined) return undefined;
    void reply.header('www-authenticate', 'Bearer');
    return fail(
      request,
      reply,
      401,
      'unauthorized',
      'Send your key as "Authorization: Bearer KEY" or "X-API-Key: KEY".',
    );
  };
}
