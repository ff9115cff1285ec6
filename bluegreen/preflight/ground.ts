import type { FirstLook } from '../../cloud/account/first-look.ts';
import type { Cloud } from '../../cloud/cloud.ts';
import type { Inventory } from '../../cloud/inventory.ts';
import type { LoadedSettings } from '../../config/settings.ts';
import type { Clock } from '../../operation/clock.ts';
import type { Backups } from '../backups.ts';
import type { World } from '../observe.ts';
import type { Vouching } from '../vouching.ts';
import { type Seen, unknown } from './check.ts';
import type { Served } from './delegation.ts';

/** What checks look at. None of it is changed. */
export interface Ground {
  readonly settings: LoadedSettings;
  readonly clock: Pick<Clock, 'now'>;
  readonly first: Promise<FirstLook>;
  readonly cloud: Cloud;
  readonly inventory: Inventory;
  readonly vouching: Pick<Vouching, 'vouch'>;
  readonly backups: Backups;
  /** Who answers for a domain, as the world sees it. */
  readonly serversOf: (domain: string) => Promise<Served>;
  /** Looks at the machines themselves, and lets them go again. */
  readonly observed: <T>(look: (world: World) => T) => Promise<T>;
  /** Whether this computer has a program. */
  readonly hasProgram: (name: string) => Promise<boolean>;
  /** Addresses of a host's name; none where nobody knows it. */
  readonly addressesOf: (host: string) => Promise<readonly string[]>;
}

/** What can only be seen in an account that answers: else one thing is wrong, and not ten. */
export async function inAccount({ first }: Ground, look: () => Promise<Seen>): Promise<Seen> {
  const { holder } = await first;
  return holder === undefined ? unknown('not asked: the account does not answer', 'see "account" above') : look();
}
