import type { z } from 'zod';
import { allowedAt, allowedNameAt, KEYS, namesIn, type Path } from './keys.ts';
import { type Layer, valueAt } from './layer.ts';
import { nearest } from './nearest.ts';
import type { Problem } from './problem.ts';
import { configSchema } from './schema.ts';

/** Keys of the playbook's config.yaml that have another name here. */
const RENAMED: Readonly<Record<string, string>> = {
  'backup.container_name': 'app.name',
  'backup.data_path': 'app.state_path',
  'deploy.domain': 'infra.subdomain and infra.parent_domain',
};

/** Keys of earlier versions, and what to do instead. */
const GONE: Readonly<Record<string, string>> = {
  'backup.recipients':
    'age archives have become a restic repository: remove this key, set backup.repository, and ANNY_BACKUP_PASSWORD in .env',
  'backup.store': 'backups are kept in a restic repository now: remove this key, and set backup.repository',
};

/** Values here are names of variables; who misreads that writes the secret itself. */
const NEVER_SHOWN = ['app.secrets', 'app.secret_files', 'app.environment', 'app.build_args'];

const LONGEST_SHOWN = 60;

/** For a variable that named such a key. */
export function goneAs(variable: string): string | undefined {
  const key = Object.keys(GONE).find((name) => `ANNY_${name.replace('.', '_').toUpperCase()}` === variable);
  return key === undefined ? undefined : GONE[key];
}

/** Everything that is wrong in one layer, by itself: also what a higher layer hides, and environments that are not chosen. */
export function check(layer: Layer): Problem[] {
  const result = configSchema.safeParse(layer.values);
  return result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue, layer));
}

function problemsOf(issue: z.core.$ZodIssue, layer: Layer): Problem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => ({
      where: layer.where([...path, name], 'key'),
      what: `no such key; ${suggestion([...path, name])}`,
    }));
  }
  if (issue.code === 'invalid_key') {
    return [{ where: layer.where(path, 'key'), what: `allowed as a name: ${allowedNameAt(path.slice(0, -1))}` }];
  }
  const value = valueAt(layer.values, path);
  const what = `found ${describe(value, path)}, allowed: ${allowedAt(path)}${quoteHint(value, path)}`;
  return [{ where: layer.where(path, 'value'), what }];
}

/** "did you mean infra.vultr_plan?", or what is allowed there. */
export function suggestion(path: Path): string {
  const full = path.join('.');
  const section = path.slice(0, -1);
  if (GONE[full] !== undefined) return GONE[full];
  const renamed = RENAMED[full];
  if (renamed !== undefined) return `here it is ${renamed}`;
  const last = path.at(-1) ?? '';
  const beside = nearest(last, namesIn(section) ?? []);
  if (beside !== undefined) return `did you mean ${[...section, beside].join('.')}?`;
  const names = KEYS.map((key) => key.path.at(-1) ?? '');
  const elsewhere = KEYS[names.indexOf(nearest(last, names) ?? '')]?.name;
  if (elsewhere !== undefined) return `did you mean ${elsewhere}?`;
  return `allowed here: ${(namesIn(section) ?? namesIn([]) ?? []).join(', ')}`;
}

function describe(value: unknown, path: Path): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(value);
  const hidden = NEVER_SHOWN.some((name) => path.join('.').startsWith(name));
  if (hidden) return typeof value === 'string' ? `a text of ${value.length} characters` : `a ${typeof value}`;
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

function quoteHint(value: unknown, path: Path): string {
  const isUnquoted = typeof value === 'number' || typeof value === 'boolean';
  return isUnquoted && allowedAt(path) === 'a text' ? ', in quotes' : '';
}
