import { describe, expect } from 'vitest';
import { pageOf, scripted, accountTest as test } from '../../test/cloud/account-scene.ts';
import { fastClock } from '../../test/cloud/clocks.ts';
import type { NoteId } from '../cloud.ts';

describe('notes in the account', () => {
  test('are listed by the beginning of their name, with their text, over all pages', async ({ cloud, api }) => {
    const ids = [await cloud.createNote('lease/a/1', 'ä'), await cloud.createNote('lease/a/2', '{"x":1}')];
    await api.ask('POST', '/startup-scripts', { name: 'somebody else’s', script: 'IyEvYmluL3NoCg==' });
    expect(await cloud.notes('lease/')).toEqual([
      { id: ids[0], name: 'lease/a/1', text: 'ä' },
      { id: ids[1], name: 'lease/a/2', text: '{"x":1}' },
    ]);
    const first = await api.ask('GET', '/startup-scripts?per_page=2');
    expect(first.at('meta.total')).toBe(3);
    const second = await api.ask('GET', `/startup-scripts?per_page=2&cursor=${first.text('meta.links.next')}`);
    expect(second.at('startup_scripts')).toHaveLength(1);
  });

  test('are written anew, and say when they are gone', async ({ cloud }) => {
    const id = await cloud.createNote('lease/a/1', 'one');
    expect(await cloud.writeNote(id, 'two')).toBe(true);
    expect(await cloud.notes('lease/')).toMatchObject([{ text: 'two' }]);
    await cloud.deleteNote(id);
    await cloud.deleteNote(id);
    expect(await cloud.writeNote(id, 'three')).toBe(false);
    expect(await cloud.notes('lease/')).toEqual([]);
  });

  test('are made once, though the answer is lost', async ({ api, cloud }) => {
    await api.plan({ kind: 'cut-after', operation: 'POST /startup-scripts' });
    const id = await cloud.createNote('lease/a/1', 'one');
    expect(await cloud.notes('')).toEqual([{ id, name: 'lease/a/1', text: 'one' }]);
  });

  test('survive a restart of the local cloud', async ({ api, cloud }) => {
    await cloud.createNote('lease/a/1', 'one');
    const again = await api.restart();
    expect((await again.ask('GET', '/startup-scripts')).at('startup_scripts')).toHaveLength(1);
    await again.close();
  });

  test('are not gone after one 404: the list is asked too', async () => {
    const item = { id: 'n', name: 'lease/a/1', type: 'boot', date_created: 'x', date_modified: 'x' };
    const missing = { status: 404, body: { error: 'Invalid startup script', status: 404 } };
    const list = pageOf('startup_scripts', [item]);
    const found = { status: 200, body: { startup_script: { ...item, script: 'b25l' } } };
    const { cloud, server } = await scripted(fastClock(), list, missing, list, found, missing, list, {
      status: 204,
      body: undefined,
    });
    expect(await cloud.notes('lease/')).toMatchObject([{ text: 'one' }]);
    expect(await cloud.writeNote('n' as NoteId, 'two')).toBe(true);
    await server.close();
  });

  test('that the API refuses say so', async ({ api }) => {
    expect((await api.ask('POST', '/startup-scripts', { name: 'x', script: 'not base64!' })).status).toBe(400);
    expect((await api.ask('GET', '/startup-scripts/unknown')).status).toBe(404);
    const id = (await api.ask('POST', '/startup-scripts', { name: 'x', script: 'eA==' })).text('startup_script.id');
    expect((await api.ask('PATCH', `/startup-scripts/${id}`, {})).status).toBe(400);
  });
});
