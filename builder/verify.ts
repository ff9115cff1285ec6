import { AnnyError } from '../operation/errors.ts';
import { runStep, withUndo } from '../operation/step.ts';
import type { BakeContext } from './bake.ts';
import { openBakeMachine } from './bake-machine.ts';
import { imagesIn, latestTested } from './catalog.ts';
import { type CheckResult, checksScript, countChecks, readChecks } from './checks.ts';
import { readChain } from './definition.ts';
import { searchBooted } from './secret-search.ts';

export interface Verified {
  readonly name: string;
  readonly digest: string;
  readonly checks: readonly CheckResult[];
}

/** Boots a fresh machine from the newest tested image, runs today's tests and the search on it, and destroys it. */
export async function verify(context: BakeContext, name: string): Promise<Verified> {
  const { cloud, operation, settings } = context;
  const chain = await readChain(settings.directory, name);
  const image = latestTested(await imagesIn(cloud), name);
  if (image === undefined) {
    throw new AnnyError('IMAGE_MISSING', {
      doing: `verifying ${name}`,
      found: 'the account has no tested image of it',
      next: `anny-image build ${name}`,
    });
  }
  const identity = { name, digest: image.digest, parent: image.parent, inputs: [] };
  const checks = await withUndo(operation, async () => {
    const machine = await openBakeMachine(context, {
      what: 'boot-test',
      identity,
      from: { snapshotId: image.snapshotId },
    });
    const results = await runStep(operation, {
      name: 'test',
      run: async () => readChecks(await machine.shell.run(checksScript(chain))),
      describe: (all) => `${all.filter(({ ok }) => ok).length} of ${countChecks(chain)} hold`,
    });
    await runStep(operation, {
      name: 'search',
      run: () => searchBooted(machine.shell, settings),
      describe: () => 'nothing found',
    });
    await machine.shell.close();
    await runStep(operation, { name: 'destroy test machine', run: () => cloud.destroyInstance(machine.id) });
    return results;
  });
  operation.undos.length = 0;
  return { name, digest: image.digest, checks };
}
