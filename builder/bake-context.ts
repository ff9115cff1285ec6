import type { Cloud, SnapshotId } from '../cloud/cloud.ts';
import type { LoadedSettings } from '../config/settings.ts';
import type { Shells } from '../machine/shell.ts';
import type { Here } from '../operation/here.ts';
import type { Running } from '../operation/running.ts';
import type { Operation } from '../operation/step.ts';
import type { BeginApp, BringApp } from './app-image.ts';
import type { BeginBase, BringBase } from './bring-base.ts';
import type { Definition } from './definition.ts';
import type { Identity } from './digest.ts';
import type { Signatures } from './papers/signatures.ts';

/** Everything that a bake works with: what it was told, and the ports to the world. */
export interface BakeContext {
  readonly settings: LoadedSettings;
  readonly cloud: Cloud;
  readonly shells: Shells;
  readonly beginApp: BeginApp;
  readonly beginBase: BeginBase;
  readonly signatures: Signatures;
  readonly operation: Operation;
  readonly running: Running;
  readonly here: Here;
}

export interface BakeRequest {
  /** From the one on the stock system to the one that is baked. */
  readonly chain: readonly Definition[];
  readonly identity: Identity;
  /** The parent's snapshot; undefined bakes on the stock system. */
  readonly parent: SnapshotId | undefined;
  /** The app's image may be begun, for an image above this one: nothing of this bake needs this computer much any more. */
  readonly prepareApp: () => void;
  /** The app's image, which may be under way since before there was a machine. */
  readonly bringApp: BringApp;
  /** What the app's image stands on, in the same way. */
  readonly bringBase: BringBase;
}
