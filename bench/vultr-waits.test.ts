import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VULTR_WAITS, waitsText } from './vultr-waits.ts';

test('docs/recovery.md lists the same waits, and says of the same ones that they are estimates', async () => {
  const text = await readFile(join(import.meta.dirname, '..', 'docs', 'recovery.md'), 'utf8');
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  for (const { what, seconds, estimate = false } of VULTR_WAITS) {
    const row = rows.find((cells) => cells[1] === what) ?? expect.fail(`no row "${what}"`);
    expect(row[2]).toBe(`up to ${seconds / 60} min`);
    expect(row[3]?.startsWith('estimate')).toBe(estimate);
  }
  expect(waitsText(VULTR_WAITS)).toContain('up to 1560 s');
});
