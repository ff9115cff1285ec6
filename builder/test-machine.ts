import type { Shell } from '../machine/shell.ts';
import { runStep, withUndo } from '../operation/step.ts';
import type { BakeContext } from './bake-context.ts';
import { withBakeMachine } from './bake-machine.ts';
import type { Image } from './catalog.ts';

/** A fresh machine from an image, for as long as it is asked something; then it is destroyed, whatever happened. */
export async function onTestMachine<T>(
  context: BakeContext,
  { name, digest, parent, snapshotId }: Image,
  use: (shell: Shell) => Promise<T>,
): Promise<T> {
  const { operation, cloud } = context;
  const identity = { name, digest, parent, inputs: [] };
  const request = { what: 'boot-test', identity, from: { snapshotId } } as const;
  const answer = await withUndo(operation, () =>
    withBakeMachine(context, request, async ({ id, shell }) => {
      const result = await use(shell);
      await runStep(operation, { name: 'destroy test machine', run: () => cloud.destroyInstance(id) });
      return result;
    }),
  );
  operation.undos.length = 0;
  return answer;
}
