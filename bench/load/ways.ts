import type { SecureContext } from 'node:tls';
import { Pool } from 'undici';
import { lookupOf, type Outside, resolverAt, trustOf } from '../../demo/outside.ts';

/** Connections kept open: as many as requests may wait at once. */
const CONNECTIONS = 300;
/** Made before the round: handshakes in the middle of it would take the processor from the machines. */
const WARM_CONNECTIONS = 150;
const KEEP_ALIVE_MS = 60_000;
const ANSWER_TIMEOUT_MS = 60_000;
const LOOK_MS = 200;

/** How some clients find the app: all by its public name, over connections that they keep. */
export interface Way {
  /** "by the old address" */
  readonly how: string;
  /** The connections to send the next request on. */
  pool(): Pool;
  /** Where a new connection goes. */
  readonly find: () => Promise<string>;
  readonly secureContext: SecureContext;
  close(): Promise<void>;
}

/** Clients whose resolver keeps the address that it has, for as long as the round lasts. */
export async function wayByOldAddress(outside: Outside): Promise<Way> {
  const address = await resolverAt(outside)();
  const secureContext = await trustOf(outside);
  const find = async () => address;
  const pool = await warmPool(outside, secureContext, find);
  return { how: 'by the old address', pool: () => pool, find, secureContext, close: () => pool.destroy() };
}

/** Clients that look the name up all the time: as soon as it leads elsewhere they open connections there. */
export async function wayByName(outside: Outside): Promise<Way> {
  const secureContext = await trustOf(outside);
  const find = resolverAt(outside);
  let leadsTo = await find();
  const open = (address: string): Pool => poolTo(outside, secureContext, async () => address);
  let pool = await warmPool(outside, secureContext, async () => leadsTo);
  const left: Promise<void>[] = [];
  const look = async (): Promise<void> => {
    const address = await find().catch(() => leadsTo);
    if (address === leadsTo) return;
    leadsTo = address;
    // What is under way on the old connections comes to its end.
    left.push(pool.close());
    pool = open(address);
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  return {
    how: 'by the name',
    pool: () => pool,
    find,
    secureContext,
    close: async () => {
      clearInterval(timer);
      await Promise.all([...left, pool.destroy()]);
    },
  };
}

async function warmPool(outside: Outside, secureContext: SecureContext, find: () => Promise<string>): Promise<Pool> {
  const pool = poolTo(outside, secureContext, find);
  const knocks = Array.from({ length: WARM_CONNECTIONS }, async () => {
    const { body } = await pool.request({ method: 'GET', path: '/health' });
    await body.dump();
  });
  await Promise.all(knocks);
  return pool;
}

function poolTo({ name }: Outside, secureContext: SecureContext, find: () => Promise<string>): Pool {
  return new Pool(`https://${name}`, {
    connections: CONNECTIONS,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    connect: { secureContext, lookup: lookupOf(find) },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  });
}
