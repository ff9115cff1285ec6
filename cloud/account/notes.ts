import { z } from 'zod';
import type { Clock } from '../../operation/clock.ts';
import type { Cloud, Note, NoteId } from '../cloud.ts';
import { listedNoteAnswer, noteAnswer, nothing } from './answers.ts';
import type { Api } from './call.ts';
import { createOnce } from './create-once.ts';
import { listAll } from './list.ts';

type Notes = Pick<Cloud, 'notes' | 'createNote' | 'writeNote' | 'deleteNote'>;

const PATH = '/startup-scripts';
const one = z.object({ startup_script: noteAnswer });
/** A single 404 may be a slip of the API. Gone is what the list does not have either. */
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 300;

/** Startup scripts that no machine is made with: the account's only place for a text. */
export function notesOf(api: Api, clock: Clock): Notes {
  const list = () => listAll(api, PATH, 'startup_scripts', listedNoteAnswer);
  const isListed = async (id: NoteId): Promise<boolean> => (await list()).some((note) => note.id === id);
  /** undefined: it is gone. */
  const find = async <T>(id: NoteId, attempt: () => Promise<T | undefined>): Promise<T | undefined> => {
    for (let count = 1; ; count += 1) {
      const found = await attempt();
      if (found !== undefined || count >= ATTEMPTS || !(await isListed(id))) return found;
      await clock.sleep(FIRST_PAUSE_MS * 2 ** (count - 1));
    }
  };
  const read = (id: NoteId): Promise<Note | undefined> =>
    find(id, async () => {
      const call = { method: 'GET', path: `${PATH}/${id}`, answer: one, doing: `reading note ${id}` } as const;
      return (await api.find(call))?.startup_script;
    });
  return {
    notes: async (prefix) => {
      const listed = (await list())
        .filter(({ name }) => name.startsWith(prefix))
        .sort((a, b) => a.createdAt.localeCompare(b.createdAt));
      return (await Promise.all(listed.map(({ id }) => read(id)))).filter((note) => note !== undefined);
    },
    createNote: async (name, text) => {
      const made = await createOnce(clock, {
        create: async () =>
          (
            await api.call({
              method: 'POST',
              path: PATH,
              body: { name, type: 'boot', script: encoded(text) },
              answer: z.object({ startup_script: listedNoteAnswer }),
              doing: `writing the note ${name} into the account`,
              creates: true,
            })
          ).startup_script,
        lookUp: async () => (await list()).find((note) => note.name === name),
      });
      return made.id;
    },
    writeNote: async (id, text) => {
      const doing = `writing note ${id}`;
      const body = { script: encoded(text) };
      const call = { method: 'PATCH', path: `${PATH}/${id}`, body, answer: nothing, doing } as const;
      return (await find(id, () => api.find({ ...call, already: /nothing to change/i }))) ?? false;
    },
    deleteNote: async (id) => {
      await api.find({ method: 'DELETE', path: `${PATH}/${id}`, answer: nothing, doing: `deleting note ${id}` });
    },
  };
}

function encoded(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
