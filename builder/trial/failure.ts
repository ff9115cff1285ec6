import { AnnyError, type ErrorCode } from '../../operation/errors.ts';

/** What a simulated port answers when it fails. */
export function failure(code: ErrorCode, name: string): AnnyError {
  return new AnnyError(code, { doing: name, found: 'simulated', next: 'nothing' });
}
