import { AnnyError } from '../operation/errors.ts';
import { runStep, withUndo } from '../operation/step.ts';
import type { BakeContext } from './bake.ts';
import { withBakeMachine } from './bake-machine.ts';
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
  const request = { what: 'boot-test', identity, from: { snapshotId: image.snapshotId } } as const;
  const checks = await withUndo(operation, () =>
    withBakeMachine(context, request, async ({ id, shell }) => {
      const results = await runStep(operation, {
        name: 'test',
        interruptible: true,
        run: async () => readChecks(await shell.run(checksScript(chain))),
        describe: (all) => `${all.filter(({ ok }) => ok).length} of ${countChecks(chain)} hold`,
      });
      await runStep(operation, {
        name: 'search',
        interruptible: true,
        run: () => searchBooted(shell, settings),
        describe: () => 'nothing found',
      });
      await runStep(operation, { name: 'destroy test machine', run: () => cloud.destroyInstance(id) });
      return results;
    }),
  );
  operation.undos.length = 0;
  return { name, digest: image.digest, checks };
}
