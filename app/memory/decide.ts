import type { Contents } from './contents.ts';
import type { Change, Draft, Entry, EntryId } from './entry.ts';
import { sameContent, sizeOf } from './entry.ts';

export type Wish = { readonly put: Draft } | { readonly delete: EntryId } | { readonly probe: true };

/** What came of a wish. `full`: it does not fit into the limit of the memory. */
export type Outcome =
  | { readonly kind: 'created' | 'existing' | 'conflict' | 'deleted'; readonly entry: Entry }
  | { readonly kind: 'missing' | 'probed' | 'full' };

export interface Decision {
  readonly changes: readonly Change[];
  /** One for each wish, in their order. */
  readonly outcomes: readonly Outcome[];
}

/** Decides a batch as if its wishes came one after the other; nothing is changed yet. */
export function decide(contents: Contents, wishes: readonly Wish[], at: Date, maxBytes: number): Decision {
  const overlay = new Map<EntryId, Entry | undefined>();
  const changes: Change[] = [];
  let seq = contents.nextSeq;
  let bytes = contents.bytes;
  const current = (id: EntryId) => (overlay.has(id) ? overlay.get(id) : contents.get(id));

  function put(draft: Draft): Outcome {
    const existing = current(draft.id);
    if (existing !== undefined)
      return { kind: sameContent(existing, draft) ? 'existing' : 'conflict', entry: existing };
    if (bytes + sizeOf(draft) > maxBytes) return { kind: 'full' };
    const entry: Entry = { seq, ...draft, tags: [...draft.tags], createdAt: at.toISOString() };
    seq += 1;
    bytes += sizeOf(entry);
    overlay.set(entry.id, entry);
    changes.push({ put: entry });
    return { kind: 'created', entry };
  }

  function remove(id: EntryId): Outcome {
    const entry = current(id);
    if (entry === undefined) return { kind: 'missing' };
    bytes -= sizeOf(entry);
    overlay.set(id, undefined);
    changes.push({ delete: id });
    return { kind: 'deleted', entry };
  }

  const outcomes = wishes.map((wish): Outcome => {
    if ('put' in wish) return put(wish.put);
    return 'delete' in wish ? remove(wish.delete) : { kind: 'probed' };
  });
  return { changes, outcomes };
}
