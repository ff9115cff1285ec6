import { appendFile, chmod, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readChain } from './definition.ts';
import { type Identity, identify, whatChanged } from './digest.ts';
import { addFiles, type Files, projectWith, settingsIn } from './trial/project.ts';

const PROJECT = {
  'config.yaml': 'app:\n  name: shop\n  config_file: settings.yaml\n  build_args: { A: "1", B: "2" }\n',
  'settings.yaml': 'colour: blue\n',
  'images/base.yaml': 'name: base\nos: true\npackages: [nginx]\ntemplates: templates/base\n',
  'images/shop.yaml':
    'name: shop\nparent: base\ntemplates: templates/shop\napp: true\nfiles:\n  - { path: /etc/raw, mode: "0600" }\n',
  'templates/base/etc/motd.hbs': 'hello from {{publicName}}\n',
  'templates/shop/etc/raw': 'raw\n',
  'templates/shop/etc/app.env.hbs': 'PORT={{config.app.port}}\n',
  'app/Dockerfile': 'FROM scratch\nCOPY . .\n',
  'app/.dockerignore': 'node_modules\n*.log\n!keep.log\n',
  'app/server.js': 'serve();\n',
  'app/bin/run': { text: '#!/bin/sh\n', mode: 0o755 },
  'app/keep.log': 'kept\n',
  'app/old.log': 'ignored\n',
  'app/node_modules/x/index.js': 'ignored\n',
} satisfies Files;

async function identities(directory: string): Promise<readonly [Identity, Identity]> {
  const [base, shop] = await identify(await settingsIn(directory), await readChain(directory, 'shop'));
  if (base === undefined || shop === undefined) throw new Error('two images were expected');
  return [base, shop];
}

/** Digests and reasons before and after a change of one project. */
async function changed(change: (directory: string) => Promise<unknown>) {
  const directory = await projectWith(PROJECT);
  const [base, shop] = await identities(directory);
  await change(directory);
  const [newBase, newShop] = await identities(directory);
  return {
    base: newBase.digest !== base.digest,
    shop: newShop.digest !== shop.digest,
    why: [...whatChanged(base.inputs, newBase.inputs), ...whatChanged(shop.inputs, newShop.inputs)],
  };
}

const replace = (path: string, text: string) => (directory: string) => writeFile(join(directory, path), text);
const config = (text: string) => replace('config.yaml', `${PROJECT['config.yaml']}${text}`);

describe('what goes into an image changes its digest, and --why names it', () => {
  test.each([
    [
      'a comment in a definition',
      replace('images/shop.yaml', `${PROJECT['images/shop.yaml']}# x\n`),
      'changed: definition images/shop.yaml',
    ],
    ['a rendered template', replace('templates/shop/etc/app.env.hbs', 'PORT=1\n'), 'changed: file /etc/app.env'],
    ['a setting that a template uses', config('  port: 9000\n'), 'changed: file /etc/app.env'],
    ['a file that is no template', replace('templates/shop/etc/raw', 'new\n'), 'changed: file /etc/raw'],
    ['a new template', (d: string) => addFiles(d, { 'templates/shop/etc/new': 'x' }), 'new: file /etc/new'],
    [
      'a template that is gone',
      (d: string) => rm(join(d, 'templates/shop/etc/app.env.hbs')),
      'gone: file /etc/app.env',
    ],
    ["the app's plain configuration", replace('settings.yaml', 'colour: red\n'), 'changed: file /opt/anny/config.yaml'],
    ["the app's code", (d: string) => appendFile(join(d, 'app/server.js'), '\n'), 'changed: app server.js'],
    ['a new file of the app', (d: string) => addFiles(d, { 'app/new.js': 'x' }), 'new: app new.js'],
    [
      'a file of the app that may be executed now',
      (d: string) => chmod(join(d, 'app/server.js'), 0o755),
      'changed: app server.js',
    ],
    ['a link in the app', (d: string) => symlink('server.js', join(d, 'app/link.js')), 'new: app link.js'],
    [
      'a file that .dockerignore takes back in',
      (d: string) => appendFile(join(d, 'app/keep.log'), 'x'),
      'changed: app keep.log',
    ],
    ['the Dockerfile', (d: string) => appendFile(join(d, 'app/Dockerfile'), 'USER 1\n'), 'changed: app Dockerfile'],
    [
      'a build argument',
      replace('config.yaml', PROJECT['config.yaml'].replace('"1"', '"3"')),
      'changed: setting app.build_args',
    ],
  ])('%s', async (_what, change, reason) => {
    const { base, shop, why } = await changed(change);
    expect({ base, shop }).toEqual({ base: false, shop: true });
    expect(why).toContain(reason);
  });

  test('a mode', async () => {
    const { why } = await changed(replace('images/shop.yaml', PROJECT['images/shop.yaml'].replace('0600', '0640')));
    expect(why).toEqual(['changed: definition images/shop.yaml', 'changed: file /etc/raw']);
  });

  test('what the parent is made of changes the parent and its child', async () => {
    const { base, shop, why } = await changed(replace('templates/base/etc/motd.hbs', 'hello\n'));
    expect({ base, shop }).toEqual({ base: true, shop: true });
    expect(why).toEqual(['changed: file /etc/motd', 'changed: parent base']);
  });

  test.each([
    ['infra:\n  vultr_os_id: 2136\n', 'changed: os'],
    ['image:\n  upgrade: false\n', 'changed: setting image.upgrade'],
    ['infra:\n  subdomain: other\n', 'changed: file /etc/motd'],
  ])('%j', async (text, reason) => {
    const { base, why } = await changed(config(text));
    expect(base).toBe(true);
    expect(why).toContain(reason);
  });
});

describe('what does not go into an image leaves its digest as it is', () => {
  test.each([
    [
      'times of files',
      async (d: string) => {
        for (const path of Object.keys(PROJECT)) await utimes(join(d, path), 1, 1);
      },
    ],
    ['a file that .dockerignore leaves out', (d: string) => appendFile(join(d, 'app/node_modules/x/index.js'), 'x')],
    ['modes that Git does not keep', (d: string) => chmod(join(d, 'app/server.js'), 0o600)],
    ['the mode of a template here', (d: string) => chmod(join(d, 'templates/shop/etc/raw'), 0o755)],
    [
      'the order of build arguments',
      replace('config.yaml', PROJECT['config.yaml'].replace('A: "1", B: "2"', 'B: "2", A: "1"')),
    ],
    ['settings of deploys', config('deploy:\n  watch: 1m\nimage:\n  max_age: 1d\n')],
    ['other images', (d: string) => addFiles(d, { 'images/other.yaml': 'name: other\nos: true\n' })],
    ['secrets', (d: string) => addFiles(d, { '.env': { text: 'ANNY_API_KEY=abcdefgh\n', mode: 0o600 } })],
  ])('%s', async (_what, change) => {
    expect(await changed(change)).toEqual({ base: false, shop: false, why: [] });
  });

  test('two checkouts in other places, made in another order', async () => {
    const first = await identities(await projectWith(PROJECT));
    const second = await identities(await projectWith(Object.fromEntries(Object.entries(PROJECT).reverse())));
    expect(second).toEqual(first);
  });
});

test('an identity names its parent, and what a person can check', async () => {
  const [base, shop] = await identities(await projectWith(PROJECT));
  expect(base.parent).toBe('os');
  expect(shop.parent).toBe(base.digest.slice(0, 12));
  expect(shop.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(shop.inputs.map(({ name }) => name)).size).toBe(shop.inputs.length);
});
