import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { allIds } from '../test/client.ts';
import { newDirectory } from '../test/directory.ts';
import { startService } from '../test/service.ts';

describe('two processes on one directory', () => {
  it('the later one writes; the former refuses to, and says so', async () => {
    const directory = await newDirectory();
    const former = await startService({ directory });
    await former.ask('/memory', { method: 'POST', body: { id: 'first', content: 'by the former' } });
    const later = await startService({ directory });
    expect((await later.ask('/memory/first')).status).toBe(200);
    const refused = await former.ask('/memory', { method: 'POST', body: { content: 'too late' } });
    expect(refused.status).toBe(503);
    expect(refused.json()).toMatchObject({
      error: 'memory_refused',
      message: expect.stringMatching(/Another process/),
    });
    expect((await former.ask('/health')).json()).toMatchObject({ status: 'unavailable', memory: { state: 'refused' } });
    expect((await later.ask('/memory', { method: 'POST', body: { id: 'second', content: 'later' } })).status).toBe(201);
    await former.stop();
    await later.stop();
    const last = await startService({ directory });
    expect(await allIds(last.ask)).toEqual(['first', 'second']);
  });

  it('keep every acknowledged write when one takes over from the other in the middle', async () => {
    const directory = await newDirectory();
    const services = [await startService({ directory })];
    const acknowledged: string[] = [];
    let over = false;
    const writer = async (client: number): Promise<void> => {
      for (let index = 0; !over; index += 1) {
        const id = `c${client}-${index}`;
        for (const { ask } of services) {
          const answer = await ask('/memory', { method: 'POST', body: { id, content: id } });
          if (answer.status === 201) acknowledged.push(id);
        }
      }
    };
    const writers = Promise.all(Array.from({ length: 8 }, (_, client) => writer(client)));
    for (let count = 0; count < 5; count += 1) {
      await sleep(50);
      services.push(await startService({ directory }));
    }
    over = true;
    await writers;
    const { ask } = await startService({ directory });
    const present = new Set(await allIds(ask));
    expect(acknowledged.filter((id) => !present.has(id))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(10);
  });

  it('begin as one memory when they begin together', async () => {
    const directory = await newDirectory();
    const together = await Promise.all(Array.from({ length: 5 }, () => startService({ directory })));
    const answers = await Promise.all(
      together.map(({ ask }, index) => ask('/memory', { method: 'POST', body: { id: `n${index}`, content: 'x' } })),
    );
    const kept = answers.flatMap(({ status }, index) => (status === 201 ? [`n${index}`] : []));
    for (const { stop } of together) await stop();
    const last = await startService({ directory });
    expect((await last.ask('/health')).json()).toMatchObject({ memory: { state: 'ok' } });
    expect(await allIds(last.ask)).toEqual(expect.arrayContaining(kept));
  });
});
