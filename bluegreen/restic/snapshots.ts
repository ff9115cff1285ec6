import { z } from 'zod';
import { type Backup, backupName, type Kept, newestFirst, type Proof } from '../backups.ts';

const snapshotSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  time: z.string(),
  tags: z.array(z.string()).nullish(),
});
const answerSchema = z.array(snapshotSchema).nullable();

/** How much of a snapshot's id names it: as restic itself shows them. */
const SHORT = 8;

type Snapshot = z.infer<typeof snapshotSchema>;

/** What is ours among what `restic snapshots --json` says; anything else in the repository is left alone. */
export function keptIn(text: string): Kept {
  const snapshots = answerSchema.parse(JSON.parse(text)) ?? [];
  const tagged = (tag: string): readonly Snapshot[] => snapshots.filter(({ tags }) => tags?.includes(tag));
  const proofs = tagged('proof').map(proofOf);
  return {
    backups: newestFirst(tagged('backup').map(backupOf)),
    proof: proofs.toSorted((a, b) => b.at - a.at)[0],
  };
}

/** As `proofOf` reads them. */
export function tagsOfProof({ backup, by, tookMs }: Proof): string {
  return `proof,of=${backup},by=${by},took=${tookMs}`;
}

function proofOf({ time, tags }: Snapshot): Proof {
  const said = saidBy(tags ?? []);
  const by = said.get('by');
  return {
    at: Math.floor(Date.parse(time) / 1000),
    backup: said.get('of') ?? '',
    by: by === 'promote' || by === 'restore' ? by : 'drill',
    tookMs: Number(said.get('took') ?? 0),
  };
}

function backupOf({ id, time, tags }: Snapshot): Backup {
  const said = saidBy(tags ?? []);
  const at = Math.floor(Date.parse(time) / 1000);
  return {
    ...{ name: backupName(at, id), id: id.slice(0, SHORT), at },
    bytes: Number(said.get('bytes') ?? 0),
    release: said.get('release') ?? '',
    generation: Number(said.get('generation') ?? 0),
    sequence: Number(said.get('sequence') ?? 0),
  };
}

/** Tags of the form "name=value". */
function saidBy(tags: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    tags.flatMap((tag): [string, string][] => {
      const [name = '', ...value] = tag.split('=');
      return value.length === 0 ? [] : [[name, value.join('=')]];
    }),
  );
}
