import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { healthSchema } from './health.ts';
import { entryId } from './memory/entry.ts';
import { startService } from './test/service.ts';

describe('health', () => {
  it('tells version, image, uptime and the state of the memory', async () => {
    const { ask } = await startService();
    await ask('/memory', { method: 'POST', body: { content: 'x' } });
    await ask('/memory', { method: 'POST', body: { id: 'gone', content: 'y' } });
    await ask('/memory/gone', { method: 'DELETE' });
    const health = z.strictObject(healthSchema.shape).parse((await ask('/health', { key: '' })).json());
    expect(health).toMatchObject({
      status: 'ok',
      version: '1.2.3',
      imageDigest: 'sha256:abc',
      // What was forgotten was written all the same.
      writes: 2,
      memory: { state: 'ok', reason: '', entries: 1 },
      serviceAccount: 'absent',
    });
    expect(health.uptimeSeconds).toBeGreaterThan(0);
  });

  it('is as quick with 100,000 entries, and so are other requests during a search through them', {
    timeout: 30_000,
  }, async () => {
    const { ask, memory } = await startService();
    for (let start = 0; start < 100_000; start += 5000) {
      const puts = Array.from({ length: 5000 }, (_, index) =>
        memory.put({ id: entryId.parse(`n${start + index}`), content: `number ${start + index} of many`, tags: [] }),
      );
      await Promise.all(puts);
    }
    const search = ask('/memory/search?q=nothing-like-that');
    const times: number[] = [];
    for (let count = 0; count < 20; count += 1) {
      const began = performance.now();
      expect((await ask('/health')).json()).toMatchObject({ memory: { entries: 100_000 } });
      times.push(performance.now() - began);
    }
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(50);
    expect((await search).json()).toEqual({ entries: [], next: null });
  });
});
