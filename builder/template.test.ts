import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readChain } from './definition.ts';
import { renderTree } from './render.ts';
import { renderTemplate } from './template.ts';
import { projectWith, settingsIn } from './trial/project.ts';

const CONTEXT = {
  config: {
    app: { name: 'anny', file: '', environment: { MODE: 'x', LEVEL: 'y' }, recipients: ['a', 'b'], grace: 10_000 },
  },
  publicName: 'anny.test',
};

function render(source: string, context: object = CONTEXT): string {
  return renderTemplate(source, context);
}

describe('what is unknown is an error, never an empty text', () => {
  test.each([
    ['{{config.app.nope}}', 'config.app.nope'],
    ['{{nope}}', 'nope'],
    ['{{config.app.name.nope}}', 'nope'],
    ['{{#if config.app.nope}}y{{/if}}', 'config.app.nope'],
    ['{{#if config.nope.deeper}}y{{/if}}', 'config.nope'],
    ['{{#unless config.app.nope}}y{{/unless}}', 'config.app.nope'],
    ['{{#each config.app.nope}}y{{/each}}', 'config.app.nope'],
    ['{{#with config.app.nope}}y{{/with}}', 'config.app.nope'],
    ['{{#nope}}y{{/nope}}', 'nope'],
    ['{{^nope}}y{{/nope}}', 'nope'],
    ['{{sh config.app.nope}}', 'config.app.nope'],
    ['{{sh (join config.app.nope " ")}}', 'config.app.nope'],
    ['{{seconds config.app.nope}}', 'config.app.nope'],
    ['{{lookup config.app "nope"}}', 'config.app.nope'],
    ['{{sh (lookup config.app "nope")}}', 'config.app.nope'],
    ['{{#if config.app.name}}{{config.app.nope}}{{/if}}', 'nope'],
    ['{{#each config.app.environment}}{{../config.app.nope}}{{/each}}', 'nope'],
    ['{{#each config.app.environment}}{{#if this.nope}}y{{/if}}{{/each}}', 'if'],
    ['{{#each config.app.environment}}{{sh this.nope}}{{/each}}', 'sh'],
    ['{{@nope}}', '@nope'],
    ['{{#if @nope}}y{{/if}}', '@nope'],
    ['{{sh @nope}}', '@nope'],
    ['{{> part}}', 'part'],
    ['{{> (lookup config.app "nope")}}', 'config.app.nope'],
    ['{{nope config.app.name}}', 'nope'],
    ['{{config.toString}}', 'config.toString'],
  ])('%s', (source, names) => {
    expect(() => render(source)).toThrow(names);
  });

  test('the message has the line and the nearest name', () => {
    expect(() => render('first\n{{#if config.app.nmae}}y{{/if}}')).toThrow(
      'there is no config.app.nmae (line 2); did you mean name?',
    );
    expect(() => render('{{config.app.name}}\n{{config.app.recipients.nope}}')).toThrow(
      /^there is no config.app.recipients.nope \(line 2\)$/,
    );
  });
});

describe('what would print nonsense is an error', () => {
  test.each([
    ['{{config.app}}', 'a whole section'],
    ['{{sh config.app.environment}}', 'a whole section'],
    ['{{sh config.app.recipients}}', 'a list'],
    ['{{sh}}', '{{sh}} needs one value'],
    ['{{seconds config.app.name}}', '{{seconds}} needs a number, found a string'],
    ['{{seconds}}', '{{seconds}} needs a number'],
    ['{{join config.app.name " "}}', '{{join}} needs a list'],
    ['{{keys config.app.name}}', '{{keys}} needs a map'],
    ['{{#if config.app.name}}', 'Parse error'],
  ])('%s', (source, says) => {
    expect(() => render(source)).toThrow(says);
  });
});

test('what is known and empty is no error', () => {
  expect(render('{{#if config.app.file}}y{{else}}n{{/if}}[{{config.app.file}}]')).toBe('n[]');
});

test('maps come in a fixed order, however they were written', () => {
  expect(render('{{#each config.app.environment}}{{@key}}={{line this}} {{/each}}')).toBe('LEVEL=y MODE=x ');
});

test('a line cannot smuggle in a second one', () => {
  const context = { value: 'a\nEVIL=1' };
  expect(() => render('A={{line value}}', context)).toThrow('a value has a line break');
});

test.each([`it's`, '$(id) `id` $HOME', 'a "quoted" \\ word', 'two\nlines', '', '-n', '*'])(
  'the shell reads %j as it was',
  async (value) => {
    const script = `word=${render('{{sh value}}', { value })}; printf %s "$word"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script]);
    expect(stdout).toBe(value);
  },
);

/** Renders an image whose only template this is. */
async function renderMotd(text: string) {
  const directory = await projectWith({
    'images/thing.yaml': 'name: thing\nos: true\ntemplates: templates/thing\n',
    'templates/thing/etc/motd.hbs': text,
  });
  const [definition] = await readChain(directory, 'thing');
  if (definition === undefined) throw new Error('no definition');
  return renderTree(await settingsIn(directory), definition);
}

test('a template that does not render is named, with what it may use', async () => {
  await expect(renderMotd('hello {{publicNaem}}\n')).rejects.toMatchObject({
    code: 'TEMPLATE_INVALID',
    doing: 'rendering templates/thing/etc/motd.hbs',
    found: expect.stringContaining('publicNaem'),
    next: expect.stringContaining('publicName'),
  });
});

test('a template that is not closed says so, and on which line', async () => {
  await expect(renderMotd('hello\n{{#if publicName}}\n')).rejects.toMatchObject({
    found: expect.stringContaining('Parse error on line 3'),
    next: expect.stringContaining('{{/if}}'),
  });
});

test('files that are no templates land byte by byte', async () => {
  const directory = await projectWith({
    'images/thing.yaml': 'name: thing\nos: true\ntemplates: templates/thing\n',
    'templates/thing/etc/raw': '{{config.nope}} \\ $x\n',
  });
  const [definition] = await readChain(directory, 'thing');
  if (definition === undefined) throw new Error('no definition');
  const [file] = await renderTree(await settingsIn(directory), definition);
  expect(file).toMatchObject({ path: '/etc/raw', owner: 'root:root', mode: '0644' });
  expect(file?.content.toString()).toBe('{{config.nope}} \\ $x\n');
});
