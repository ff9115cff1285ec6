import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportDefinition } from './export.ts';
import { addFiles, projectWith, settingsIn } from './trial/project.ts';

test('an export has each image of the chain: its files as they would lie, its scripts, its inputs', async () => {
  const directory = await projectWith({
    'images/base.yaml': 'name: base\nos: true\npackages: [nginx]\n',
    'images/shop.yaml':
      'name: shop\nparent: base\ntemplates: t\nfiles: [{ path: /etc/shop, mode: "0640" }]\nrun: [nginx -t]\n',
    't/etc/shop.hbs': 'for {{environment}}\n',
  });
  const to = join(directory, 'out');
  const settings = await settingsIn(directory);
  const count = await exportDefinition(settings, 'shop', to);
  const files = (await readdir(to, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  expect(files).toHaveLength(count);
  const read = (path: string) => readFile(join(to, path), 'utf8');
  expect(await read('shop/files/etc/shop')).toBe('for production\n');
  expect(await read('shop/3-files.txt')).toBe('root:root 0640 /etc/shop\n');
  expect(await read('base/1-packages.sh')).toContain('nginx');
  expect(await read('shop/inputs.txt')).toMatch(/^[0-9a-f]{64} {2}parent base$/m);
  await addFiles(directory, { 'out/mine': 'x' });
  await expect(exportDefinition(settings, 'shop', to)).rejects.toMatchObject({
    code: 'USAGE',
    found: 'there is base, mine, shop already',
  });
});
