import type { SecretChange } from '../machine/box.ts';
import { AnnyError, hasCode } from '../operation/errors.ts';
import { runStep, warn } from '../operation/step.ts';
import type { Context } from './context.ts';
import { passHealthGate } from './gates.ts';
import type { World } from './observe.ts';
import type { Answering } from './release.ts';
import { releaseSecrets } from './release-secrets.ts';
import { withLive } from './with-live.ts';

/** What a push would change, or has changed, on one machine. Names alone. */
export interface MachineChanges {
  readonly release: string;
  readonly role: string;
  readonly changes: readonly SecretChange[];
}

/**
 * The secrets as they are here now go to the live machine, and to the standbys: a rollback must not bring a secret back that was
 * given up. `agree` is told what will change, before anything does.
 */
export async function pushSecrets(
  context: Context,
  agree: (planned: readonly MachineChanges[]) => Promise<void>,
): Promise<readonly MachineChanges[]> {
  const files = await releaseSecrets(context);
  return withLive(context, 'secrets push', async (live, world) => {
    const machines = [live, ...standbysIn(world)];
    const planned: (MachineChanges & { readonly machine: Answering })[] = [];
    for (const machine of machines) {
      const changes = await machine.box.compareSecrets(files);
      planned.push({ release: machine.tags.release, role: machine.status.role, changes, machine });
    }
    const wanted = planned.filter(({ changes }) => changes.length > 0);
    if (wanted.length > 0) await agree(wanted);
    for (const { machine, changes } of wanted) {
      if (machine === live) await use(context, live, files, changes);
      else await keep(context, machine, files, changes);
    }
    for (const { tags, problem } of world.silent) {
      warn(context.operation, `${tags.release} has the former secrets: it does not answer (${problem})`);
    }
    return wanted.map(({ machine: _machine, ...told }) => told);
  });
}

function standbysIn(world: World): readonly Answering[] {
  return world.answering.filter(({ status }) => status.role === 'relay');
}

type Files = Readonly<Record<string, string>>;

async function use(context: Context, live: Answering, files: Files, changes: readonly SecretChange[]): Promise<void> {
  await runStep(context.operation, {
    name: 'secrets',
    detail: `${live.tags.release}; requests wait while its app starts with them`,
    run: () => live.box.useSecrets(files),
    describe: () => namesOf(changes),
  });
  await runStep(context.operation, {
    name: 'health',
    detail: 'by HTTPS and name',
    run: (progress) => passHealthGate(context, live, progress),
    describe: (text) => text,
  });
}

/** Its app does not run: it starts with them at a rollback. */
async function keep(
  context: Context,
  standby: Answering,
  files: Files,
  changes: readonly SecretChange[],
): Promise<void> {
  const { release } = standby.tags;
  await runStep(context.operation, {
    name: 'secrets',
    detail: `${release}, the way back`,
    run: () => standby.box.secrets(files),
    describe: () => namesOf(changes),
  }).catch((error: unknown) => {
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
    warn(context.operation, `${release} has the former secrets: ${error.found}`);
  });
}

function namesOf(changes: readonly SecretChange[]): string {
  return changes.map(({ name }) => name).join(', ');
}
