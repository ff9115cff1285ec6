import { AnnyError } from '../operation/errors.ts';
import { suggestion } from './check.ts';
import { KEYS, namesIn } from './keys.ts';
import type { Origin } from './origins.ts';
import { secretNames } from './secrets.ts';
import type { LoadedSettings, SecretOrigin } from './settings.ts';

/**
 * `config get KEY`: the effective value, plain, for scripts: a list has one item a line, a map one NAME=value a line,
 * a duration stands as in config.yaml ("300s").
 * @throws {AnnyError} USAGE for an unknown key, a section, or a secret.
 */
export function configGet(settings: LoadedSettings, key: string): string {
  const row = settings.origins.find((origin) => origin.key === key);
  if (row !== undefined) return settings.mask(plain(row.value));
  const inMap = settings.origins.filter((origin) => origin.key.startsWith(`${key}.`));
  if (KEYS.some(({ name, kind }) => name === key && kind === 'map')) {
    return settings.mask(inMap.map((entry) => `${entry.key.slice(key.length + 1)}=${plain(entry.value)}`).join('\n'));
  }
  throw refusal(settings, key);
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.join('\n');
  return typeof value === 'object' && value !== null ? '' : String(value);
}

function refusal(settings: LoadedSettings, key: string): AnnyError {
  const doing = `config get ${key}`;
  const secrets = [...secretNames(settings.config.app.secrets), ...Object.values(settings.config.app.secret_files)];
  if (secrets.includes(key)) {
    return new AnnyError('USAGE', {
      doing,
      found: `${key} is a secret, and secrets are not printed`,
      next: 'config show says whether it is set, and where',
    });
  }
  const section = namesIn(key.split('.'));
  if (section !== undefined) {
    return new AnnyError('USAGE', {
      doing,
      found: `${key} is a section, not a key`,
      next: `one of ${section.map((name) => `${key}.${name}`).join(', ')}`,
    });
  }
  return new AnnyError('USAGE', { doing, found: 'there is no such key', next: suggestion(key.split('.')) });
}

/** Answer of `config show`; as JSON it is printed as it is. */
export interface ConfigView {
  readonly environment: string;
  /** null when there is no config.yaml. */
  readonly file: string | null;
  readonly keys: readonly Origin[];
  readonly secrets: readonly SecretOrigin[];
  readonly warnings: readonly string[];
}

/** `config show`: every key with its value and origin; of secrets only whether and where they are set. */
export function configShow(settings: LoadedSettings): ConfigView {
  return {
    environment: settings.environment,
    file: settings.file ?? null,
    keys: settings.origins.map((row) => ({ ...row, value: masked(row.value, settings.mask) })),
    secrets: settings.secretOrigins,
    warnings: settings.warnings,
  };
}

function masked(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') return mask(value);
  return Array.isArray(value) ? value.map((item) => masked(item, mask)) : value;
}

/** `config show` for people. */
export function configShowText(view: ConfigView): string {
  const keys = view.keys.map(({ key, value, origin }) => [key, shown(value), origin]);
  const secrets = view.secrets.map(({ name, set, origin }) => [name, set ? 'set' : 'not set', origin]);
  return [
    `environment ${view.environment}, ${view.file ?? 'no config.yaml: defaults'}`,
    '',
    ...columns(keys),
    '',
    'secrets',
    ...columns(secrets).map((line) => `  ${line}`),
    ...(view.warnings.length === 0 ? [] : ['', 'warnings', ...view.warnings.map((warning) => `  ${warning}`)]),
    '',
  ].join('\n');
}

function shown(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widthOf = (column: number): number => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0));
  const widths = [widthOf(0), widthOf(1), 0];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
