import type { Settings } from '../../config/settings.ts';
import type { Finding } from './finding.ts';

/** What is known of the packages of an image. */
export type Known =
  | {
      readonly kind: 'checked';
      /** The tracker's address. */
      readonly by: string;
      /** When the tracker said so, in milliseconds. */
      readonly at: number;
      readonly findings: readonly Finding[];
      /** Why it could not be asked just now. */
      readonly stale?: string;
    }
  | { readonly kind: 'not checked'; readonly why: string };

export interface Asking {
  readonly settings: Settings;
  readonly nowMs: number;
  /** "never": only what is kept here is looked at. */
  readonly network: 'when old' | 'never';
}

/** What is this young is not asked for again. */
export const FRESH_MS = 60 * 60_000;
export const NOBODY: Known = { kind: 'not checked', why: 'image.vulnerabilities in config.yaml names nobody to ask' };
export const NEVER_ASKED: Known = {
  kind: 'not checked',
  why: 'never asked from here; anny-image vulnerabilities does',
};
