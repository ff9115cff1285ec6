import { z } from 'zod';

export const MAX_ID_LENGTH = 128;

/** A client may choose the id, so that it can safely send a write again; "search" is a route's name. */
export const entryId = z
  .string()
  .regex(
    /^(?!search$)[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/,
    'an id is 1 to 128 letters, digits, dots, dashes, underscores or tildes, begins with a letter or digit, and is not "search"',
  )
  .brand<'EntryId'>();
export type EntryId = z.infer<typeof entryId>;

const content = z.string().min(1).max(100_000);
const tags = z.array(z.string().min(1).max(64)).max(32);

/** One thing remembered. `seq` orders entries by the time they were written and is never given twice. */
export const entrySchema = z.object({
  seq: z.int().min(1),
  id: entryId,
  content,
  tags,
  /** ISO 8601, UTC. */
  createdAt: z.iso.datetime(),
});
export type Entry = z.infer<typeof entrySchema>;

/** What a client sends to have it remembered. */
export const draftSchema = z
  .strictObject({ id: entryId.optional(), content, tags: tags.default([]) })
  .meta({ examples: [{ id: 'milk-1', content: 'Buy milk', tags: ['shopping'] }] });

export interface Draft {
  readonly id: EntryId;
  readonly content: string;
  readonly tags: readonly string[];
}

export function sameContent(entry: Entry, draft: Draft): boolean {
  return (
    entry.content === draft.content &&
    entry.tags.length === draft.tags.length &&
    entry.tags.every((tag, index) => tag === draft.tags[index])
  );
}

/** A bound for the memory an entry takes, in bytes; exact sizes are not needed for a limit. */
export function sizeOf(entry: Draft): number {
  const text = entry.tags.reduce((sum, tag) => sum + tag.length, entry.id.length + entry.content.length);
  return 64 + 2 * text;
}

/** What is on disk of one change. */
export const changeSchema = z.union([z.object({ put: entrySchema }), z.object({ delete: entryId })]);
export type Change = z.infer<typeof changeSchema>;
