/**
 * Every expected failure of Anny, with the exit code that it ends a command with.
 * 1: not done, and what served before still serves. 2: wrong use or configuration. 3: the surroundings lack something.
 * 4: refused, since it could lose data. 5: left unfinished, another command must go on from here.
 */
export const ERROR_CODES = {
  CONFIG_INVALID: 2,
  CONFIG_SECRET: 2,
  USAGE: 2,
  DEFINITION_INVALID: 2,
  TEMPLATE_INVALID: 2,
  ENGINE_MISSING: 3,
  /** The Pulumi engine could not do what the foundation declares. */
  FOUNDATION_FAILED: 1,
  NO_SPACE: 3,
  PORT_TAKEN: 3,
  CLOUD_LEFTOVER: 3,
  SECRET_MISSING: 3,
  PROGRAM_MISSING: 3,
  API_UNAUTHORIZED: 3,
  API_REFUSED: 1,
  API_UNREACHABLE: 3,
  API_UNEXPECTED: 1,
  API_OUTCOME_UNKNOWN: 5,
  MACHINE_UNREACHABLE: 1,
  HOST_KEY_MISMATCH: 4,
  BOX_FAILED: 1,
  COMMAND_FAILED: 1,
  WAIT_TIMEOUT: 1,
  UNHEALTHY: 1,
  INCONCLUSIVE: 1,
  HOOK_FAILED: 1,
  IMAGE_MISSING: 1,
  IMAGE_TEST_FAILED: 1,
  SECRET_IN_IMAGE: 4,
  /** Not the image that somebody signed, or signed by nobody who counts. */
  IMAGE_UNTRUSTED: 4,
  SIGNING_FAILED: 3,
  BUILD_FAILED: 1,
  BACKUP_MISSING: 4,
  BACKUP_CORRUPT: 4,
  BACKUP_UNREADABLE: 3,
  BACKUP_UNPROVED: 4,
  HANDOVER_UNDONE: 1,
  UNFINISHED: 5,
  WOULD_LOSE_WRITES: 4,
  TWO_WRITERS: 4,
  NOTHING_LIVE: 1,
  REFUSED: 4,
  /** Somebody else works there. */
  LEASE_HELD: 1,
  /** Somebody else took over while this command did not answer. */
  LEASE_LOST: 5,
  /** A machine runs a verb of another command. */
  MACHINE_BUSY: 1,
  DNS_DISAGREES: 5,
  /** Before a step, as it was wished. */
  STOPPED: 1,
  INTERRUPTED: 130,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorParts {
  /** What was being done, as a clause: "creating the machine". */
  readonly doing: string;
  /** What was found instead, with the facts. Never a secret. */
  readonly found: string;
  /** What the operator does next: a command or a change, exact. */
  readonly next: string;
  readonly cause?: unknown;
}

/** An expected failure, in words that an operator understands at night. Anything else that is thrown is a bug. */
export class AnnyError extends Error {
  readonly code: ErrorCode;
  readonly doing: string;
  readonly found: string;
  readonly next: string;

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(`${parts.doing}: ${parts.found}`, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'AnnyError';
    this.code = code;
    this.doing = parts.doing;
    this.found = parts.found;
    this.next = parts.next;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
}

export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): boolean {
  return error instanceof AnnyError && codes.includes(error.code);
}
