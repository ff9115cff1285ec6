import type { InstanceId, SnapshotId } from '../cloud/cloud.ts';
import { sideBySide } from '../operation/side-by-side.ts';
import { runStep } from '../operation/step.ts';
import { applyDefinition } from './apply.ts';
import type { BakeContext, BakeRequest } from './bake-context.ts';
import { withBakeMachine } from './bake-machine.ts';
import { measureHardening } from './hardening.ts';
import { cleanAndSearch, judgeTheBooted, testMachine } from './judge-machine.ts';
import { needlesOf } from './needles.ts';
import { readContentsText } from './papers/contents.ts';
import { recordContents } from './papers/record.ts';
import { signPapers, trySigning } from './papers/sign.ts';
import { rememberSearch, wasSearchedFor } from './searched.ts';
import { markTested, powerOff, takeSnapshot } from './snapshot.ts';
import { holdVulnerabilities } from './vulnerabilities/bar.ts';

/** Bakes, tests, cleans, searches, snapshots, boots the result, tests and searches again. Leaves the image and nothing else. */
export async function bake(context: BakeContext, request: BakeRequest): Promise<SnapshotId> {
  const { identity, chain, parent } = request;
  const startedAt = context.operation.clock.now();
  const from = parent === undefined ? { osId: context.settings.config.infra.vultr_os_id } : { snapshotId: parent };
  await trySigning(context);
  const needles = needlesOf(context.settings);
  const searchedBelow = parent !== undefined && (await wasSearchedFor(context.settings.directory, parent, needles));
  const built = await withBakeMachine(context, { what: 'bake', identity, from }, async ({ id, shell }) => {
    await applyDefinition(context, request, shell);
    const [, recorded] = await sideBySide(context.operation, (operation) => [
      testMachine({ ...context, operation }, chain, shell, 'test'),
      recordContents({ ...context, operation }, request, shell).then(async (found) => {
        await holdVulnerabilities({ ...context, operation }, chain, readContentsText(found.contents));
        return found;
      }),
    ]);
    const searchedAt = await cleanAndSearch(context, { chain, searchedBelow }, shell);
    return { builder: id, recorded, searchedAt };
  });
  const { builder, recorded, searchedAt } = built;
  await powerOff(context, builder);
  request.prepareApp();
  const snapshot = await takeSnapshot(context, request, builder);
  const fresh = { what: 'boot-test', identity, from: { snapshotId: snapshot } } as const;
  const booted = await withBakeMachine(context, fresh, async ({ id, shell }) => {
    const [lynis] = await sideBySide(context.operation, (operation) => [
      measureHardening({ ...context, operation }, chain, shell),
      judgeTheBooted({ ...context, operation }, { chain, searchedAt }, shell),
    ]);
    return { id, lynis };
  });
  // Before the image is there for everybody: the next build finds it with one listing, and looks for nothing that was left.
  // The builder not sooner: a cloud whose machines share files by hard links would change the dates of the other's.
  await destroy(context, 'destroy builder', builder);
  await destroy(context, 'destroy test machine', booted.id);
  await signPapers(context, request, { ...recorded, snapshot, lynis: booted.lynis, startedAt });
  await markTested(context, request, snapshot);
  await rememberSearch(context.settings.directory, snapshot, needles);
  return snapshot;
}

async function destroy({ operation, cloud }: BakeContext, name: string, id: InstanceId): Promise<void> {
  await runStep(operation, { name, run: () => cloud.destroyInstance(id) });
}
