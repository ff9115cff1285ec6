import type { Note, NoteId } from '../../cloud/cloud.ts';

/** The notes of a simulated account. */
export interface NoteStore {
  list(prefix: string): readonly Note[];
  create(name: string, text: string): NoteId;
  write(id: NoteId, text: string): boolean;
  delete(id: NoteId): void;
}

export function noteStore(): NoteStore {
  const notes = new Map<NoteId, Note>();
  let made = 0;
  return {
    list: (prefix) => [...notes.values()].filter(({ name }) => name.startsWith(prefix)),
    create: (name, text) => {
      made += 1;
      const id = `note-${made}` as NoteId;
      notes.set(id, { id, name, text });
      return id;
    },
    write: (id, text) => {
      const note = notes.get(id);
      if (note !== undefined) notes.set(id, { ...note, text });
      return note !== undefined;
    },
    delete: (id) => void notes.delete(id),
  };
}
