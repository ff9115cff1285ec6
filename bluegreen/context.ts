import type { Cloud } from '../cloud/cloud.ts';
import type { Settings } from '../config/settings.ts';
import type { Machines } from '../machine/box.ts';
import type { Here } from '../operation/here.ts';
import type { LockWish } from '../operation/lock-options.ts';
import type { Operation } from '../operation/step.ts';
import type { Backups } from './backups.ts';
import type { Hooks } from './hooks.ts';
import type { NameServers } from './name-servers.ts';
import type { Probe } from './probe.ts';
import type { Smoke } from './smoke.ts';
import type { Vouching } from './vouching.ts';

/** Everything that a release command works with: what it was told, and the ports to the world. */
export interface Context {
  readonly settings: Settings;
  readonly operation: Operation;
  readonly cloud: Cloud;
  readonly machines: Machines;
  readonly nameServers: NameServers;
  readonly probe: Probe;
  readonly backups: Backups;
  readonly smoke: Smoke;
  readonly hooks: Hooks;
  readonly vouching: Vouching;
  readonly here: Here;
  readonly lock: LockWish;
}
