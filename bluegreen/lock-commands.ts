import type { Command } from 'commander';
import { bury } from '../lease/bury.ts';
import { prefixOf } from '../lease/claim.ts';
import { describeClaim, describeFreshness, holderOf } from '../lease/claim-text.ts';
import { EXPIRY_MS, isExpired, type Sighting } from '../lease/decide.ts';
import { type ListedClaim, listClaims } from '../lease/list.ts';
import { type LeasePorts, openLookout } from '../lease/look.ts';
import { agree, answer } from '../operation/command-line.ts';
import { AnnyError } from '../operation/errors.ts';
import { age } from './age.ts';
import type { Context } from './context.ts';
import { withContext } from './open-context.ts';

const LOOK_AGAIN_MS = 2_000;

/** Who works on what, and a way to take a lease from somebody who is gone. */
export function addLockCommands(program: Command): void {
  const lock = program.command('lock').description('commands that run, wait, or were cut off, on any computer');
  lock
    .command('list')
    .description('all of the account: environments and bakes')
    .action((_options, line: Command) => withContext(line, (context) => list(context, line)));
  lock
    .command('release')
    .argument('[operation]', 'as lock list shows it (default: the only one of this environment)')
    .description('take a lease from a command that is gone, or forget one that was cut off')
    .option('--force', 'although it still runs: it stops before its next step')
    .action((operation: string | undefined, { force }: { force?: true }, line: Command) =>
      withContext(line, (context) => release(context, line, operation, force === true)),
    );
}

async function list(context: Context, line: Command): Promise<void> {
  const claims = await listClaims(portsOf(context));
  const rows = claims.map((one) => {
    const { operation, command, reason, since, state, token } = one.claim;
    return {
      scope: one.scope,
      operation,
      state,
      holder: holderOf(one.claim),
      command,
      reason,
      since,
      token,
      ...fresh(one),
    };
  });
  const now = context.operation.clock.now();
  const lines = rows.flatMap((row) => [
    `${row.operation}  ${row.scope}  ${row.state}  ${row.command}  by ${row.holder}, begun ${age((now - row.since) / 1000)} ago`,
    `  ${[row.heard, ...(row.reason === '' ? [] : [row.reason])].join('; ')}`,
  ]);
  answer(line, { locks: rows }, `${lines.join('\n') || 'nobody holds anything, and nothing was cut off'}\n`);
}

function fresh({ claim, quietMs, gone, unheard }: ListedClaim): { readonly heard: string; readonly quietMs: number } {
  const quiet = age(quietMs / 1000);
  if (claim.state === 'left') return { heard: 'cut off: anny-bluegreen resume, or abort', quietMs };
  if (gone) return { heard: 'its process has ended', quietMs };
  if (unheard)
    return { heard: `not heard of for ${EXPIRY_MS / 1000} s; its computer's clock is ahead of this one`, quietMs };
  return { heard: `last heard of ${quiet} ago, by its own clock`, quietMs };
}

async function release(context: Context, line: Command, operation: string | undefined, force: boolean): Promise<void> {
  const ports = portsOf(context);
  const scope = await scopeOfOperation(context, operation);
  const lookout = openLookout(ports, prefixOf(scope));
  const claim = choose(await lookout.look(), operation);
  await agree(line, `take away what ${describeClaim(claim.claim)} holds?`);
  if (claim.claim?.state === 'left') await context.cloud.deleteNote(claim.id);
  else await bury(ports, scope, [force ? claim : await watchUntilExpired(context, claim, lookout.look)]);
  const text = `released: ${describeClaim(claim.claim)}\n`;
  answer(line, { released: claim.claim?.operation ?? claim.id, scope }, text);
}

/** Bakes have scopes of their own; an operation is found wherever it is. */
async function scopeOfOperation(context: Context, operation: string | undefined): Promise<string> {
  const { environment } = context.settings;
  if (operation === undefined) return environment;
  return (await listClaims(portsOf(context))).find(({ claim }) => claim.operation === operation)?.scope ?? environment;
}

function choose(seen: readonly Sighting[], operation: string | undefined): Sighting {
  const fitting = seen.filter(({ claim }) => operation === undefined || claim?.operation === operation);
  const [only, second] = fitting;
  if (only !== undefined && second === undefined) return only;
  throw new AnnyError('USAGE', {
    doing: 'looking for the lease to release',
    found:
      only === undefined ? 'there is none' : `there are ${fitting.map((one) => describeClaim(one.claim)).join('; ')}`,
    next: only === undefined ? 'nothing is in the way' : 'anny-bluegreen lock list, then lock release OPERATION',
  });
}

/** One that changes while it is watched is alive: taking it away would stop a command in the middle. */
async function watchUntilExpired(
  context: Context,
  first: Sighting,
  look: () => Promise<readonly Sighting[]>,
): Promise<Sighting> {
  const { clock, report } = context.operation;
  if (!isExpired(first)) report.note(`watching for ${EXPIRY_MS / 1000} s whether it is alive`);
  for (let seen = first; ; ) {
    if (isExpired(seen)) return seen;
    await clock.sleep(LOOK_AGAIN_MS);
    const now = (await look()).find(({ id }) => id === first.id);
    if (now === undefined) return seen;
    if (now.claim?.beat !== first.claim?.beat) {
      throw new AnnyError('REFUSED', {
        doing: `releasing what ${describeClaim(now.claim)} holds`,
        found: `it is alive: ${describeFreshness(now)}`,
        next: 'wait for it, or stop it where it runs; lock release --force takes its lease away all the same',
      });
    }
    seen = now;
  }
}

function portsOf({ cloud, operation, here }: Context): LeasePorts {
  return { cloud, clock: operation.clock, here };
}
