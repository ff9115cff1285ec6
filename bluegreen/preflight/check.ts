import { AnnyError } from '../../operation/errors.ts';

/** One thing that a promote relies on. */
export interface Check {
  readonly name: string;
  look(): Promise<Seen>;
}

/** `blocks`: a promote or a bake would fail. `unknown`: it could not be looked at, so nobody knows. */
export type Seen =
  | { readonly state: 'ok'; readonly found: string }
  | { readonly state: 'warning' | 'blocks' | 'unknown'; readonly found: string; readonly next: string };

export type Result = Seen & { readonly name: string };

export function ok(found: string): Seen {
  return { state: 'ok', found };
}

export function warning(found: string, next: string): Seen {
  return { state: 'warning', found, next };
}

export function blocks(found: string, next: string): Seen {
  return { state: 'blocks', found, next };
}

export function unknown(found: string, next: string): Seen {
  return { state: 'unknown', found, next };
}

/** Nobody may rely on what nobody could look at. */
export function isClear(results: readonly Result[]): boolean {
  return results.every(({ state }) => state === 'ok' || state === 'warning');
}

/** All at once. None waits for another, keeps another from being told, or takes longer than the limit. */
export function lookAtAll(checks: readonly Check[], limitMs: number): Promise<readonly Result[]> {
  return Promise.all(checks.map(async (check) => ({ ...(await bounded(check, limitMs)), name: check.name })));
}

async function bounded(check: Check, limitMs: number): Promise<Seen> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Seen>((resolve) => {
    const tell = (): void =>
      resolve(unknown(`no answer within ${limitMs / 1000} s`, 'run it again; if it stays so, see the network'));
    timer = setTimeout(tell, limitMs);
  });
  try {
    return await Promise.race([looked(check), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the commands themselves would refuse blocks; a bug in one check is told as such, beside the others. */
async function looked(check: Check): Promise<Seen> {
  try {
    return await check.look();
  } catch (error) {
    if (error instanceof AnnyError) return blocks(`${error.doing}: ${error.found}`, error.next);
    const found = error instanceof Error ? error.message : String(error);
    return unknown(`the check itself failed: ${found}`, 'this is a bug in Anny, please report it');
  }
}
