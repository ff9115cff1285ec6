import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import Handlebars from 'handlebars';
import type { Settings } from '../config/settings.ts';
import { quote } from '../machine/ssh-shell.ts';
import { AnnyError } from '../operation/errors.ts';
import type { Definition } from './definition.ts';
import { projectFile } from './project-files.ts';

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

const engine = Handlebars.create();
/** A word for the shell, quoted. */
engine.registerHelper('sh', (value: unknown) => quote(String(value)));
engine.registerHelper('json', (value: unknown) => JSON.stringify(value));
/** Durations are milliseconds in the program. */
engine.registerHelper('seconds', (ms: number) => Math.max(1, Math.round(ms / 1000)));
engine.registerHelper('join', (list: readonly string[], by: string) => list.join(by));
engine.registerHelper('keys', (map: object) => Object.keys(map));

/** Renders a definition's tree: `*.hbs` by Handlebars, others as they are. An unknown variable is an error. */
export async function renderTree(settings: Settings, definition: Definition): Promise<readonly MachineFile[]> {
  const rendered =
    definition.templates === undefined ? [] : await renderFiles(settings, definition, definition.templates);
  const own = definition.app ? await appConfig(settings) : [];
  const files = [...rendered, ...own].map((file) => ({ ...file, ...placing(definition, file.path) }));
  refuseUnplaced(definition, files);
  return files.sort((a, b) => a.path.localeCompare(b.path));
}

type Bare = Pick<MachineFile, 'path' | 'content'>;

async function renderFiles(settings: Settings, definition: Definition, templates: string): Promise<Bare[]> {
  const root = projectFile(settings.directory, templates);
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new AnnyError('DEFINITION_INVALID', {
      doing: `reading ${definition.file}  templates`,
      found: `there is no directory ${templates}`,
      next: 'correct the path, relative to config.yaml',
      cause,
    });
  });
  const context = {
    config: settings.config,
    publicName: settings.publicName,
    environment: settings.environment,
    image: { name: definition.name },
  };
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.map((path) => renderFile(path, `/${relative(root, path).split(sep).join('/')}`, templates, context)),
  );
}

async function renderFile(path: string, target: string, templates: string, context: object): Promise<Bare> {
  const content = await readFile(path);
  if (!target.endsWith('.hbs')) return { path: target, content };
  try {
    const template = engine.compile(content.toString(), { strict: true, noEscape: true });
    return { path: target.slice(0, -'.hbs'.length), content: Buffer.from(template(context)) };
  } catch (cause) {
    throw new AnnyError('TEMPLATE_INVALID', {
      doing: `rendering ${templates}${target}`,
      found: cause instanceof Error ? cause.message : String(cause),
      next: 'a template may use config (as in config.yaml), publicName, environment and image.name',
      cause,
    });
  }
}

/** The app's plain configuration file, mounted read-only. */
async function appConfig({ config, directory }: Settings): Promise<Bare[]> {
  if (config.app.config_file === '') return [];
  const content = await readFile(projectFile(directory, config.app.config_file)).catch((cause: unknown) => {
    throw new AnnyError('CONFIG_INVALID', {
      doing: 'reading app.config_file',
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

/** A mode for a file that is not there is a slip. */
function refuseUnplaced(definition: Definition, files: readonly MachineFile[]): void {
  const missing = definition.files.find((rule) => !files.some(({ path }) => path === rule.path));
  if (missing === undefined) return;
  throw new AnnyError('DEFINITION_INVALID', {
    doing: `reading ${definition.file}  files`,
    found: `${missing.path} is not among its templates`,
    next: `add ${definition.templates ?? 'templates'}${missing.path}, or take the line out`,
  });
}
