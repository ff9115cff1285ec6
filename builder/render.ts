import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { nearest } from '../config/nearest.ts';
import { keyAndOrigin, type Settings } from '../config/settings.ts';
import { parseYaml } from '../config/yaml-file.ts';
import { AnnyError } from '../operation/errors.ts';
import type { Definition } from './definition.ts';
import { placeIn, refuseDefinition } from './definition-problems.ts';
import { projectFile, projectNames } from './project-files.ts';
import { renderTemplate } from './template.ts';

/** A file as it is to lie on the machine. */
export interface MachineFile {
  /** Absolute path on the machine. */
  readonly path: string;
  readonly content: Buffer;
  /** "root:root" */
  readonly owner: string;
  /** "0644" */
  readonly mode: string;
}

/** Renders a definition's tree: `*.hbs` by Handlebars, others as they are. An unknown variable is an error. */
export async function renderTree(settings: Settings, definition: Definition): Promise<readonly MachineFile[]> {
  const rendered =
    definition.templates === undefined ? [] : await renderFiles(settings, definition, definition.templates);
  const own = definition.app ? await appConfig(settings) : [];
  const files = [...rendered, ...own].map((file) => ({ ...file, ...placing(definition, file.path) }));
  refuseUnplaced(definition, files);
  // By code units: the order is part of the digest, and a locale is not.
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

type Bare = Pick<MachineFile, 'path' | 'content'>;

async function renderFiles(settings: Settings, definition: Definition, templates: string): Promise<Bare[]> {
  const root = projectFile(settings.directory, templates);
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() =>
    refuseTemplates(settings, definition, templates),
  );
  const context = {
    config: settings.config,
    publicName: settings.publicName,
    environment: settings.environment,
    image: { name: definition.name },
  };
  const leaves = entries.filter((entry) => !entry.isDirectory());
  return Promise.all(
    leaves.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const target = `/${relative(root, path).split(sep).join('/')}`;
      if (!entry.isFile()) throw noPlainFile(`${templates}${target}`);
      return renderFile(path, target, templates, context);
    }),
  );
}

async function refuseTemplates(settings: Settings, { text, file }: Definition, templates: string): Promise<never> {
  const beside = dirname(templates);
  const names = (await projectNames(settings.directory, beside)).map((name) => join(beside, name));
  const best = nearest(templates, names);
  const where = placeIn(parseYaml(text, file), ['templates'], 'value');
  return refuseDefinition(file, [
    `${where}: found "${templates}", allowed: a directory, relative to config.yaml${best === undefined ? '' : `; did you mean ${best}?`}`,
  ]);
}

/** A link would be left out, or lead somewhere else on another computer. */
function noPlainFile(path: string): AnnyError {
  return new AnnyError('TEMPLATE_INVALID', {
    doing: `rendering ${path}`,
    found: 'it is no plain file',
    next: 'put a copy there; links on the machine are made by "run" in the image definition',
  });
}

async function renderFile(path: string, target: string, templates: string, context: object): Promise<Bare> {
  const content = await readFile(path);
  if (!target.endsWith('.hbs')) return { path: target, content };
  try {
    const text = renderTemplate(content.toString(), context);
    return { path: target.slice(0, -'.hbs'.length), content: Buffer.from(text) };
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new AnnyError('TEMPLATE_INVALID', {
      doing: `rendering ${templates}${target}`,
      found: found.trimEnd().replaceAll('\n', '\n  '),
      next: found.startsWith('Parse error')
        ? 'correct it: each {{ has its }}, and each {{#if …}} its {{/if}}'
        : 'a template may use config (as in config.yaml), publicName, environment and image.name',
      cause,
    });
  }
}

/** The app's plain configuration file, mounted read-only. */
async function appConfig(settings: Settings): Promise<Bare[]> {
  const { config, directory } = settings;
  if (config.app.config_file === '') return [];
  const content = await readFile(projectFile(directory, config.app.config_file)).catch((cause: unknown) => {
    throw new AnnyError('CONFIG_INVALID', {
      doing: `reading ${keyAndOrigin(settings, 'app.config_file')}`,
      found: `there is no file ${config.app.config_file}`,
      next: 'correct the path in config.yaml, or set it to "" when the app has none',
      cause,
    });
  });
  return [{ path: '/opt/anny/config.yaml', content }];
}

function placing(definition: Definition, path: string): Pick<MachineFile, 'owner' | 'mode'> {
  const rule = definition.files.find((one) => one.path === path);
  return { owner: rule?.owner ?? 'root:root', mode: rule?.mode ?? '0644' };
}

/** A mode for a file that is not there is a slip, and so are two templates for one file. */
function refuseUnplaced({ files: rules, templates, text, file }: Definition, files: readonly MachineFile[]): void {
  const paths = files.map(({ path }) => path);
  const yaml = parseYaml(text, file);
  const unplaced = rules.flatMap(({ path }, index) => {
    if (paths.includes(path)) return [];
    const best = nearest(path, paths);
    const hint = best === undefined ? '' : `; did you mean ${best}?`;
    const where = placeIn(yaml, ['files', String(index), 'path'], 'value');
    return [`${where}: found "${path}", allowed: a file of ${templates ?? 'its templates'}${hint}`];
  });
  const twice = paths.filter((path, index) => paths.indexOf(path) !== index);
  refuseDefinition(file, [
    ...unplaced,
    ...twice.map((path) => `${templates}${path}: it is there twice, with .hbs and without`),
  ]);
}
