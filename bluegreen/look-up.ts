import { Resolver } from 'node:dns/promises';

const TRIES = 2;

/** Asks the resolvers of this computer; left alone they try for over a minute. */
export async function lookUp<T>(timeoutMs: number, use: (resolver: Resolver) => Promise<T>): Promise<T> {
  const resolver = new Resolver({ timeout: timeoutMs / TRIES, tries: TRIES });
  const timer = setTimeout(() => resolver.cancel(), timeoutMs);
  try {
    return await use(resolver);
  } finally {
    clearTimeout(timer);
  }
}
