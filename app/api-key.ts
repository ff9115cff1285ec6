import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

/** Tells which of the configured keys was sent: its index, or undefined. */
export type KeyCheck = (sent: string) => number | undefined;

/**
 * Compares in a time that depends neither on how much of a key is right nor on its length: digests of equal length under a
 * key of this process, and always with every configured key.
 */
export function keyCheck(keys: readonly string[]): KeyCheck {
  const secret = randomBytes(32);
  const digest = (text: string): Buffer => createHmac('sha256', secret).update(text).digest();
  const expected = keys.map(digest);
  return (sent) => {
    const actual = digest(sent);
    let found: number | undefined;
    for (const [index, key] of expected.entries()) if (timingSafeEqual(actual, key)) found = index;
    return found;
  };
}

/** From `Authorization: Bearer KEY` or `X-API-Key: KEY`; "" without either. */
export function sentKey(request: Pick<FastifyRequest, 'headers'>): string {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const header = request.headers['x-api-key'];
  return bearer ?? (typeof header === 'string' ? header : '');
}
