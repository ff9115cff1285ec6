import type { HookEvent } from '../config/schema.ts';
import type { Settings } from '../config/settings.ts';
import type { AnnyError } from '../operation/errors.ts';
import type { LockWish } from '../operation/lock-options.ts';
import type { Operation } from '../operation/step.ts';
import type { Release } from './release.ts';

/** What a hook is about, as far as it is known by then. */
export interface HookFacts {
  /** The release that the command makes the writer, or destroys. */
  readonly release?: Release;
  /** The release that served before. */
  readonly from?: Release;
  /** First 12 of the image's digest, where there is no release yet. */
  readonly image?: string;
  readonly error?: AnnyError;
}

/** Every variable that a hook may be given; docs/hooks.md says what each is. */
export const HOOK_VARIABLES: readonly string[] = [
  ...['ANNY_HOOK', 'ANNY_COMMAND', 'ANNY_OPERATION', 'ANNY_ENV', 'ANNY_NAME', 'ANNY_MESSAGE'],
  ...['ANNY_RELEASE', 'ANNY_ADDRESS', 'ANNY_SLOT', 'ANNY_IMAGE'],
  ...['ANNY_FROM_RELEASE', 'ANNY_FROM_ADDRESS', 'ANNY_FROM_IMAGE'],
  ...['ANNY_ERROR', 'ANNY_ERROR_CODE', 'ANNY_ERROR_NEXT', 'ANNY_EXIT_CODE'],
];

/** The command that a hook belongs to. */
interface Teller {
  readonly settings: Pick<Settings, 'environment' | 'publicName'>;
  readonly operation: Pick<Operation, 'id' | 'command'>;
  readonly lock: Pick<LockWish, 'reason'>;
}

/** What a hook is told. A fact that is not known is not set. */
export function hookVariables(
  { settings, operation, lock }: Teller,
  event: HookEvent,
  { release, from, image, error }: HookFacts,
): Readonly<Record<string, string>> {
  const about = release?.tags;
  const variables: Readonly<Record<string, string | undefined>> = {
    ANNY_HOOK: event,
    ANNY_COMMAND: operation.command,
    ANNY_OPERATION: operation.id,
    ANNY_ENV: settings.environment,
    ANNY_NAME: settings.publicName,
    ANNY_MESSAGE: lock.reason === '' ? undefined : lock.reason,
    ANNY_RELEASE: about?.release,
    ANNY_ADDRESS: release?.address,
    ANNY_SLOT: about?.slot,
    ANNY_IMAGE: about?.image ?? image,
    ANNY_FROM_RELEASE: from?.tags.release,
    ANNY_FROM_ADDRESS: from?.address,
    ANNY_FROM_IMAGE: from?.tags.image,
    ANNY_ERROR: error?.message,
    ANNY_ERROR_CODE: error?.code,
    ANNY_ERROR_NEXT: error?.next,
    ANNY_EXIT_CODE: error === undefined ? undefined : String(error.exitCode),
  };
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
