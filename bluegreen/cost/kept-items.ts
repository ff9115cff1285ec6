import type { Instance, ReservedIp } from '../../cloud/cloud.ts';
import type { ObjectStorage } from '../../cloud/inventory.ts';
import type { Prices } from '../../cloud/prices.ts';
import type { Settings } from '../../config/settings.ts';
import { hostOf } from '../restic/repository.ts';
import { tagValue } from '../tags.ts';
import type { Item } from './item.ts';

/** As the foundation labels what it makes: "anny-production". */
function environmentOf({ config }: Pick<Settings, 'config'>, label: string): string | undefined {
  const start = `${config.infra.vultr_label}-`;
  return label.startsWith(start) ? label.slice(start.length) : undefined;
}

/** Reserved addresses of the foundation, and those that machines of Anny's have. */
export function addressItems(
  settings: Pick<Settings, 'config'>,
  addresses: readonly ReservedIp[],
  machines: readonly Instance[],
  { reservedIpMonth: monthly }: Prices,
): readonly Item[] {
  return addresses.flatMap(({ id, label, region, address, attachedTo }) => {
    const machine = machines.find((one) => one.id === attachedTo);
    const environment = environmentOf(settings, label) ?? (machine && tagValue(machine.tags, 'env'));
    if (environment === undefined) return [];
    const why = machine === undefined ? 'kept by the foundation; no machine has it' : `leads to ${machine.label}`;
    return [{ kind: 'reserved IP', id, name: address, what: region, environment, why, monthly, remove: undefined }];
  });
}

/** Object storages of the foundation, and the one that the backups go to, where its host tells which that is. */
export function storageItems(
  settings: Pick<Settings, 'config' | 'environment'>,
  storages: readonly ObjectStorage[],
  { objectStorageMonth: monthly }: Prices,
): readonly Item[] {
  const { repository } = settings.config.backup;
  const host = hostOf(repository);
  const there = storages.filter((one) => host !== '' && one.host === host);
  return storages.flatMap((one) => {
    const { id, label, region } = one;
    const holdsBackups = there.length === 1 && there[0] === one;
    const environment = environmentOf(settings, label) ?? (holdsBackups ? settings.environment : undefined);
    if (environment === undefined) return [];
    const why = holdsBackups ? 'backups go there' : 'kept by the foundation';
    return [{ kind: 'object storage', id, name: label, what: region, environment, why, monthly, remove: undefined }];
  });
}
