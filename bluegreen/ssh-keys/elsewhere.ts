import { AnnyError } from '../../operation/errors.ts';
import type { OtherMachine } from './doors.ts';
import { type Door, type Logins, withLogin } from './logins.ts';

/** A machine of another environment that did not let this computer in, and why. */
export interface Unreached {
  readonly environment: string;
  readonly release: string;
  readonly problem: string;
}

/** Which of them let the key at `path` in. */
export async function reach(logins: Logins, machines: readonly OtherMachine[], path: string) {
  const open: Door[] = [];
  const unreached: Unreached[] = [];
  for (const { environment, release, door } of machines) {
    const problem = door === undefined ? 'it has no address yet' : await problemOf(logins, door, path);
    if (door !== undefined && problem === undefined) open.push(door);
    else unreached.push({ environment, release, problem: problem ?? '' });
  }
  return { open, unreached };
}

async function problemOf(logins: Logins, door: Door, path: string): Promise<string | undefined> {
  try {
    await withLogin(logins, { door, path }, async (login) => login.keys());
    return undefined;
  } catch (error) {
    if (!(error instanceof AnnyError)) throw error;
    return error.found;
  }
}

export function unreachedText(unreached: readonly Unreached[]): string {
  return unreached.map(({ environment, release, problem }) => `${release} of ${environment} (${problem})`).join('; ');
}
