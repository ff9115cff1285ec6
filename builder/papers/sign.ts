import type { SnapshotId } from '../../cloud/cloud.ts';
import type { JournalEntry } from '../../operation/journal.ts';
import { runStep, warn } from '../../operation/step.ts';
import type { BakeContext, BakeRequest } from '../bake-context.ts';
import { imageOf } from '../catalog.ts';
import { toolVersion } from '../project-files.ts';
import { archiveIn, dropPapers } from './archive.ts';
import type { Recorded } from './record.ts';
import { statementText } from './statement.ts';

export interface Signing extends Recorded {
  readonly snapshot: SnapshotId;
  readonly lynis: number | undefined;
  readonly startedAt: number;
}

/** Before hours of work: a key that cannot sign is found at once. */
export async function trySigning({ operation, signatures }: BakeContext): Promise<void> {
  await runStep(operation, { name: 'signing key', run: async () => void (await signatures.sign('a try')) });
}

/** Says where the image comes from, signs that, and keeps it where everybody with the account finds it. */
export async function signPapers(context: BakeContext, { identity }: BakeRequest, signing: Signing): Promise<void> {
  const { operation, settings, cloud, signatures } = context;
  const { snapshot, contents, sbom, lynis, startedAt } = signing;
  const baking = { digest: identity.digest, operation: operation.id };
  await runStep(operation, {
    name: 'sign papers',
    run: async () => {
      const statement = statementText({
        ...{ identity, snapshot, contents, sbom, lynis, startedAt, finishedAt: operation.clock.now() },
        ...{ environment: settings.environment, operation: operation.id, version: await toolVersion() },
        seconds: secondsByStep(await operation.journal.entries(), operation.id, startedAt),
      });
      const papers = { contents, statement, signature: await signatures.sign(statement) };
      const kept = await archiveIn(cloud, settings.directory).keep(baking, papers, sbom);
      if (!kept) warn(operation, 'the papers are too long for the account: only this computer can show or verify them');
    },
    // An order whose answer was lost may have called the image tested: then it is there, and keeps its papers.
    undo: async () => {
      const now = await cloud.snapshot(snapshot);
      if (now === undefined || imageOf(now)?.stage !== 'tested') await dropPapers(cloud, baking);
    },
  });
}

/** How long each step of a bake took. */
export function secondsByStep(
  entries: readonly JournalEntry[],
  operation: string,
  since: number,
): Readonly<Record<string, number>> {
  const own = entries.filter((entry) => entry.operation === operation && entry.at >= since);
  const begun = new Map<string, number>();
  const seconds: Record<string, number> = {};
  for (const { step, event, at } of own) {
    if (event === 'intent') begun.set(step, at);
    if (event === 'result') seconds[step] = Math.round((at - (begun.get(step) ?? at)) / 100) / 10;
  }
  return seconds;
}
