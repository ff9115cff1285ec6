import { describe, expect, it } from 'vitest';
import { allIds, pageIn } from '../test/client.ts';
import { startService } from '../test/service.ts';

describe('the memory over HTTP', () => {
  it('creates, reads and deletes an entry', async () => {
    const { ask } = await startService();
    const created = await ask('/memory', { method: 'POST', body: { content: 'Milk', tags: ['shopping'] } });
    expect(created.status).toBe(201);
    const location = created.headers.get('location') ?? '';
    const read = await ask(location);
    expect(read.json()).toEqual(created.json());
    expect(read.json()).toMatchObject({ content: 'Milk', tags: ['shopping'] });
    expect((await ask(location, { method: 'DELETE' })).status).toBe(204);
    expect((await ask(location)).status).toBe(404);
    expect((await ask(location, { method: 'DELETE' })).status).toBe(404);
  });

  it('takes the same write again, and refuses another under its id', async () => {
    const { ask } = await startService();
    const write = (content: string) => ask('/memory', { method: 'POST', body: { id: 'note-1', content } });
    expect((await write('one')).status).toBe(201);
    expect((await write('one')).status).toBe(200);
    expect((await write('two')).status).toBe(409);
    expect((await ask('/memory/note-1')).json()).toMatchObject({ content: 'one' });
  });

  it('takes ids as long as it says', async () => {
    const { ask } = await startService();
    const id = 'x'.repeat(128);
    expect((await ask('/memory', { method: 'POST', body: { id, content: 'long' } })).status).toBe(201);
    expect((await ask(`/memory/${id}`)).status).toBe(200);
    expect((await ask(`/memory/${id}x`)).status).toBe(400);
  });

  it('keeps every character', async () => {
    const { ask } = await startService();
    const content = 'line\nbreak \u2028 "quoted" \\ emoji 🦊 lone \ud800 zero \0';
    await ask('/memory', { method: 'POST', body: { id: 'odd', content } });
    expect((await ask('/memory/odd')).json()).toMatchObject({ content });
  });

  it('lists in the order of writing, a page at a time, while entries come and go', async () => {
    const { ask } = await startService();
    for (let index = 0; index < 7; index += 1)
      await ask('/memory', { method: 'POST', body: { id: `n${index}`, content: `number ${index}` } });
    const first = pageIn(await ask('/memory?limit=3'));
    expect(first.entries.map(({ id }) => id)).toEqual(['n0', 'n1', 'n2']);
    await ask('/memory/n2', { method: 'DELETE' });
    await ask('/memory/n4', { method: 'DELETE' });
    await ask('/memory', { method: 'POST', body: { id: 'n7', content: 'number 7' } });
    const second = pageIn(await ask(`/memory?limit=3&cursor=${first.next}`));
    expect(second.entries.map(({ id }) => id)).toEqual(['n3', 'n5', 'n6']);
    const third = pageIn(await ask(`/memory?limit=3&cursor=${second.next}`));
    expect(third).toMatchObject({ entries: [{ id: 'n7' }], next: null });
  });

  it('ends a page early rather than sending more than a few megabytes', async () => {
    const { ask } = await startService();
    const write = (index: number) =>
      ask('/memory', { method: 'POST', body: { id: `n${index}`, content: 'x'.repeat(100_000) } });
    await Promise.all(Array.from({ length: 60 }, (_, index) => write(index)));
    const page = await ask('/memory?limit=500');
    expect(page.text.length).toBeLessThan(5_000_000);
    expect(pageIn(page).next).not.toBeNull();
    expect((await allIds(ask)).length).toBe(60);
    expect(pageIn(await ask('/memory/search?q=xxx&limit=500')).next).not.toBeNull();
  });

  it('searches content and tags for all words, in any case, page by page', async () => {
    const { ask } = await startService();
    const write = (id: string, content: string, tags: string[] = []) =>
      ask('/memory', { method: 'POST', body: { id, content, tags } });
    await write('a', 'The quick brown Fox');
    await write('b', 'quick silver', ['FOX']);
    await write('c', 'quick');
    await write('d', 'a fox, quick');
    const ids = async (query: string) => pageIn(await ask(`/memory/search?${query}`)).entries.map(({ id }) => id);
    expect(await ids('q=fox%20QUICK')).toEqual(['a', 'b', 'd']);
    expect(await ids('q=nothing')).toEqual([]);
    const first = pageIn(await ask('/memory/search?q=fox&limit=2'));
    expect(first.entries.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(await ids(`q=fox&limit=2&cursor=${first.next}`)).toEqual(['d']);
  });

  it('remembers through a stop and a start', async () => {
    const before = await startService();
    await before.ask('/memory', { method: 'POST', body: { id: 'kept', content: 'still here' } });
    const shown = (await before.ask('/memory')).json();
    await before.stop();
    const after = await startService({ directory: before.directory });
    expect((await after.ask('/memory')).json()).toEqual(shown);
  });
});
