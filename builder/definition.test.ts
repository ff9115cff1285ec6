import { describe, expect, test } from 'vitest';
import { AnnyError } from '../operation/errors.ts';
import { readChain } from './definition.ts';
import { renderTree } from './render.ts';
import { type Files, ownSettings, projectWith, settingsIn } from './trial/project.ts';

/** What is said of images/thing.yaml with this text. */
async function complaint(text: string, others: Files = {}): Promise<AnnyError> {
  const directory = await projectWith({ 'images/thing.yaml': text, ...others });
  try {
    for (const one of await readChain(directory, 'thing')) await renderTree(await settingsIn(directory), one);
  } catch (error) {
    if (error instanceof AnnyError) return error;
    throw error;
  }
  throw new Error('the definition was accepted');
}

const HEAD = 'name: thing\nos: true\n';
const SECTIONS =
  'name, parent, os, docker, packages, templates, users, directories, files, services, run, app, app_run, app_base, clean, tests';

const WRONG: readonly (readonly [string, string, string])[] = [
  [
    'a misspelt key',
    `${HEAD}packges: [nginx]\n`,
    'images/thing.yaml:3:1  packges: no such key; did you mean packages?',
  ],
  [
    'a key that resembles nothing',
    `${HEAD}colour: blue\n`,
    `images/thing.yaml:3:1  colour: no such key; allowed here: ${SECTIONS}`,
  ],
  [
    'a misspelt key deep inside',
    `${HEAD}tests:\n  users:\n    - { name: deploy, not_group: [docker] }\n`,
    'images/thing.yaml:5:23  tests.users.0.not_group: no such key; did you mean tests.users.0.not_groups?',
  ],
  [
    'a misspelt choice',
    `${HEAD}tests:\n  services:\n    - { name: nginx, state: runing }\n`,
    'images/thing.yaml:5:29  tests.services.0.state: found "runing", allowed: running, enabled, disabled; did you mean running?',
  ],
  [
    'a mode that is no mode',
    `${HEAD}directories:\n  - { path: /opt, mode: "rwx" }\n`,
    'images/thing.yaml:4:25  directories.0.mode: found "rwx", allowed: a mode in octal and quotes: "0644"',
  ],
  [
    'a mode without quotes, which YAML reads as a number',
    `${HEAD}directories:\n  - { path: /opt, mode: 0755 }\n`,
    'images/thing.yaml:4:25  directories.0.mode: found 755, allowed: a text',
  ],
  [
    'a path that is not absolute',
    `${HEAD}clean: [var/log/x]\n`,
    'images/thing.yaml:3:9  clean.0: found "var/log/x", allowed: an absolute path',
  ],
  [
    'a list where a text was given',
    `${HEAD}run: nginx -t\n`,
    'images/thing.yaml:3:6  run: found "nginx -t", allowed: a list',
  ],
  [
    'a key that is missing',
    `${HEAD}users:\n  - { name: deploy }\n`,
    'images/thing.yaml:4:5  users.0.uid: found nothing, allowed: a number',
  ],
  [
    'a name of a package that the shell would read as more',
    `${HEAD}packages: ["nginx; reboot"]\n`,
    `images/thing.yaml:3:12  packages.0: found "nginx; reboot", allowed: a package's name`,
  ],
  [
    'a firewall rule that is none',
    `${HEAD}tests:\n  firewall:\n    - { alow: 80/tcp }\n`,
    'images/thing.yaml:5:7  tests.firewall.0: found {"alow":"80/tcp"}, allowed: one of { allow: 443/tcp }, { limit: 22/tcp }, { default: deny }, { default: reject }',
  ],
  ['a key given twice', `${HEAD}os: true\n`, 'images/thing.yaml:3:1  os: given twice, the first time on line 2'],
  ['no YAML at all', 'name: [thing\n', 'images/thing.yaml:2:1: not YAML: Flow sequence'],
  ['an empty file', '', 'images/thing.yaml: found nothing, allowed: a map with name, parent, os'],
  [
    'another name than the file has',
    'name: other\nos: true\n',
    'images/thing.yaml:1:7  name: found "other", allowed: "thing", as the file is called',
  ],
  [
    'neither a parent nor an operating system',
    'name: thing\n',
    'images/thing.yaml  os: found neither, allowed: one of "parent: NAME" and "os: true"',
  ],
  [
    'lines for an app that is not baked in',
    `${HEAD}app_run: [docker run --rm anny:baked node migrate.ts]\n`,
    'images/thing.yaml:3:1  app_run: it needs "app: true"; without an app it is "run"',
  ],
  [
    'both a parent and an operating system',
    `${HEAD}parent: base\n`,
    'images/thing.yaml:2:1  os: found both, allowed: one of "parent: NAME" and "os: true"',
  ],
  [
    'a parent that is not there',
    'name: thing\nparent: bse\n',
    'images/thing.yaml:2:9  parent: found "bse", allowed: anny, base; did you mean base?',
  ],
  [
    'a directory of templates that is not there',
    `${HEAD}templates: templates/thng\n`,
    'images/thing.yaml:3:12  templates: found "templates/thng", allowed: a directory, relative to config.yaml; did you mean templates/thing?',
  ],
  [
    'a mode for a file that no template makes',
    `${HEAD}templates: templates/thing\nfiles:\n  - { path: /etc/motdd, mode: "0600" }\n`,
    'images/thing.yaml:5:13  files.0.path: found "/etc/motdd", allowed: a file of templates/thing; did you mean /etc/motd?',
  ],
];

const OTHERS: Files = { 'images/base.yaml': 'name: base\nos: true\n', 'templates/thing/etc/motd': 'hello\n' };

describe('a wrong image definition is refused with the place, what was found and what is allowed', () => {
  test.each(WRONG)('%s', async (_about, text, says) => {
    const error = await complaint(text, OTHERS);
    expect(error.code).toBe('DEFINITION_INVALID');
    expect(error.found).toContain(says);
  });

  test('every problem is told at once', async () => {
    const { found } = await complaint(`${HEAD}packges: []\nrun: x\nclean: [y]\n`);
    expect(found.trim().split('\n')).toHaveLength(3);
  });

  test('parents that go round in a circle', async () => {
    const { found } = await complaint('name: thing\nparent: other\n', {
      'images/other.yaml': 'name: other\nparent: thing\n',
    });
    expect(found).toContain('images/other.yaml:2:1  parent: thing from other from thing goes round in a circle');
  });

  test('a mistake in a parent names the file of the parent', async () => {
    const { found } = await complaint('name: thing\nparent: other\n', {
      'images/other.yaml': 'name: other\nos: true\ndockr: true\n',
    });
    expect(found).toContain('images/other.yaml:3:1  dockr: no such key; did you mean docker?');
  });

  test("the app's configuration file that is not there, with the line of config.yaml", async () => {
    const { doing, found } = await complaint(`${HEAD}app: true\n`, {
      'config.yaml': 'app:\n  config_file: app/cnfig.yaml\n',
    });
    expect(`${doing}: ${found}`).toBe('reading app.config_file (config.yaml:2): there is no file app/cnfig.yaml');
  });

  test('two templates for one file', async () => {
    const { found } = await complaint(`${HEAD}templates: templates/thing\n`, {
      ...OTHERS,
      'templates/thing/etc/motd.hbs': 'hello\n',
    });
    expect(found).toContain('templates/thing/etc/motd: it is there twice');
  });
});

test('an unknown image is told with the nearest one, also of those that come with Anny', async () => {
  const directory = await projectWith({ 'images/thing.yaml': HEAD });
  await expect(readChain(directory, 'thign')).rejects.toMatchObject({ code: 'USAGE', next: 'did you mean thing?' });
  await expect(readChain(directory, 'bsae')).rejects.toMatchObject({ code: 'USAGE', next: 'did you mean base?' });
  await expect(readChain(directory, 'what')).rejects.toMatchObject({ next: 'there are anny, base, thing' });
});

describe.each(['production', 'local'])('the images of this project in environment %s', (environment) => {
  test('load and render, the base first', async () => {
    const settings = await ownSettings(environment);
    const chain = await readChain(settings.directory, settings.config.image.name);
    expect(chain.map(({ name }) => name)).toEqual(['base', 'anny']);
    for (const one of chain) expect((await renderTree(settings, one)).length).toBeGreaterThan(5);
  });
});
