import { runStep } from '../operation/step.ts';
import type { Context } from './context.ts';
import type { World } from './observe.ts';
import { markRelease, type Release } from './release.ts';

/** So long they may go on giving the old TTL away. */
const NAME_SERVERS_TAKE_SECONDS = 300;

/** A TTL that is longer than configured, in seconds; undefined when there is nothing to lower. */
export interface LongTtl {
  readonly seconds: number;
  readonly wanted: number;
}

/** What is shorter than configured stays so: nothing is raised silently. A record that leads to the reserved IP for good may say what it likes. */
export function longTtl(
  {
    record,
    reservedIp,
    switchedBy,
  }: Pick<World, 'switchedBy'> & {
    readonly record: { readonly data: string; readonly ttlSeconds: number } | undefined;
    readonly reservedIp: { readonly address: string } | undefined;
  },
  ttlMs: number,
): LongTtl | undefined {
  if (record === undefined || (switchedBy === 'reserved_ip' && record.data === reservedIp?.address)) return undefined;
  const wanted = Math.max(1, Math.round(ttlMs / 1000));
  return record.ttlSeconds <= wanted ? undefined : { seconds: record.ttlSeconds, wanted };
}

/**
 * While there is time before the switch: the sooner the record says less, the sooner resolvers ask again. Until the old TTL is over
 * some may know an old address all the same, so the machines there are told to stay as long: first, since a kill may come between.
 */
export async function lowerTtl(context: Context, world: World, known: readonly Release[]): Promise<void> {
  const { record, domain } = world;
  const { cloud, settings, operation } = context;
  const long = longTtl(world, settings.config.deploy.ttl);
  if (record === undefined || long === undefined) return;
  await runStep(operation, {
    name: 'lower TTL',
    detail: `of ${settings.publicName}, from ${long.seconds} s to ${long.wanted} s`,
    run: async () => {
      const cachedUntil = Math.round(operation.clock.now() / 1000) + long.seconds + NAME_SERVERS_TAKE_SECONDS;
      for (const release of known) await markRelease(context, release, { cachedUntil });
      await operation.held.lease?.require();
      await cloud.setRecordTtl(domain, record.id, long.wanted);
    },
  });
}
