import { AnnyError } from '../operation/errors.ts';
import type { Context } from './context.ts';
import type { TrafficSwitch } from './traffic-switch.ts';

/** The A record leads to the machine itself. */
export function recordSwitch(context: Context): TrafficSwitch {
  return {
    detail: ({ address }) => `${context.settings.publicName} to ${address}`,
    point: async ({ address }) => {
      await pointRecord(context, address);
      return address;
    },
  };
}

/** Writes an address into the record, unless it is there, and reads it back. */
export async function pointRecord({ cloud, operation, settings }: Context, address: string): Promise<void> {
  const { parent_domain: domain, subdomain: name } = settings.config.infra;
  const find = async () => (await cloud.records(domain)).find((one) => one.type === 'A' && one.name === name);
  const before = await find();
  if (before?.data === address) return;
  // The account refuses nobody, also not who has slept over the look before.
  await operation.held.lease?.require();
  if (before === undefined) {
    const ttlSeconds = Math.max(1, Math.round(settings.config.deploy.ttl / 1000));
    await cloud.createRecord(domain, { type: 'A', name, data: address, ttlSeconds });
  } else {
    await cloud.pointRecord(domain, before.id, address);
  }
  const after = await find();
  if (after?.data === address) return;
  throw changedByOther(
    `reading the record of ${settings.publicName} back`,
    `it says ${after?.data ?? 'nothing'}, not ${address}`,
  );
}

export function changedByOther(doing: string, found: string): AnnyError {
  return new AnnyError('DNS_DISAGREES', {
    doing,
    found: `${found}: something else changes it too`,
    next: 'find out what, then run the same command again; meanwhile the old machine relays, nothing is lost',
  });
}
