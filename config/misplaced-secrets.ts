import { KEYS, type Path } from './keys.ts';
import type { Problem } from './problem.ts';
import type { Entry, YamlFile } from './yaml-file.ts';

/** What known kinds of secrets look like, and the variable that they belong into (the key's own name when there is none). */
const SHAPES: readonly { readonly pattern: RegExp; readonly what: string; readonly variable?: string }[] = [
  { pattern: /AGE-SECRET-KEY-1[0-9A-Z]{20,}/i, what: 'an age identity' },
  { pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/, what: 'a private key' },
  { pattern: /https:\/\/hooks\.slack\.com\/services\/\S+/i, what: 'a webhook', variable: 'ALERT_WEBHOOK_URL' },
  {
    pattern: /https:\/\/[\w.]*discord(app)?\.com\/api\/webhooks\/\S+/i,
    what: 'a webhook',
    variable: 'ALERT_WEBHOOK_URL',
  },
  { pattern: /\b(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{36}\b/, what: 'a Vultr API key', variable: 'VULTR_API_KEY' },
  { pattern: /\b(gh[opsu]|github_pat)_\w{20,}/, what: 'a GitHub token' },
  { pattern: /\bxox[abprs]-[\w-]{10,}/, what: 'a Slack token' },
  { pattern: /\bAKIA[0-9A-Z]{16}\b/, what: 'an AWS key' },
  { pattern: /\bAIza[\w-]{35}/, what: 'a Google API key' },
  { pattern: /\bsk-[\w-]{20,}/, what: 'an API key' },
  { pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\./, what: 'a signed token' },
  { pattern: /:\/\/[^\s:@/]+:[^\s@/]+@/, what: 'a URL with a password' },
];

const SECRET_NAME =
  /(^|_)(api_?key|access_?key|secret_?key|private_?key|token|pass(word|wd|phrase)?|secret|credentials?|webhook(_?url)?|dsn)$/;

const OWN_VARIABLES: Readonly<Record<string, string>> = {
  'infra.api_key': 'VULTR_API_KEY',
  'infra.token': 'VULTR_API_KEY',
  'backup.password': 'ANNY_BACKUP_PASSWORD',
  api_key: 'ANNY_API_KEY',
  webhook_url: 'ALERT_WEBHOOK_URL',
};

/** A known secret's value in the file is found from this length on; shorter ones are in innocent text. */
const SHORTEST_VALUE = 12;

/**
 * Secrets in config.yaml: by the name of their key, by their shape (in comments too), or because they are the value of
 * a secret that is set. They are named by key and line; the value is never repeated.
 * @param names of all secrets, set or not.
 * @param secrets values by name, as far as they are set.
 */
export function misplacedSecrets(
  file: YamlFile,
  names: readonly string[],
  secrets: ReadonlyMap<string, string>,
): Problem[] {
  const named = file.entries.filter((entry) => isSecretByName(entry, names)).map((entry) => byName(file, entry));
  const namedLines = new Set(named.map(({ line }) => line));
  const shaped = file.text
    .split('\n')
    .flatMap((text, index) => (namedLines.has(index + 1) ? [] : byContent(file, text, index + 1, secrets)));
  return [...named.map(({ problem }) => problem), ...shaped];
}

function isSecretByName(entry: Entry, names: readonly string[]): boolean {
  const isEmpty = entry.scalar === undefined || entry.scalar === null || entry.scalar === '';
  const path = withoutEnvironment(entry.path);
  if (isEmpty || KEYS.some((key) => key.name === path.join('.') || (key.kind === 'list' && isInside(path, key.path)))) {
    return false;
  }
  // File names and names of variables, not values.
  if (isInside(path, ['app', 'secret_files'])) return false;
  const name = path.at(-1) ?? '';
  return names.includes(name) || SECRET_NAME.test(snakeCase(name)) || OWN_VARIABLES[path.join('.')] !== undefined;
}

function byName(file: YamlFile, entry: Entry): { line: number; problem: Problem } {
  const path = withoutEnvironment(entry.path);
  const name = path.at(-1) ?? '';
  const variable =
    OWN_VARIABLES[path.join('.')] ?? OWN_VARIABLES[name] ?? (knownByEnding(name) || snakeCase(name).toUpperCase());
  const forApp = isInside(path, ['app', 'environment']) ? `, and add ${variable} to app.secrets` : '';
  const { line, column } = entry.key;
  const where = `${file.name}:${line}:${column}  ${entry.path.join('.')}`;
  return {
    line,
    problem: { where, what: `a secret does not belong here: move it to .env as ${variable}=…${forApp}`, secret: true },
  };
}

function knownByEnding(name: string): string | undefined {
  const snake = snakeCase(name);
  if (snake === 'webhook' || snake.endsWith('webhook_url')) return 'ALERT_WEBHOOK_URL';
  return undefined;
}

function byContent(file: YamlFile, text: string, line: number, secrets: ReadonlyMap<string, string>): Problem[] {
  const found = contentIn(text, secrets);
  if (found === undefined) return [];
  const entry = file.entries.findLast(({ value, scalar }) => value.line <= line && scalar !== undefined);
  const onLine = entry !== undefined && !text.trim().startsWith('#') ? entry : undefined;
  const key = onLine === undefined ? '' : `  ${onLine.path.join('.')}`;
  const name = snakeCase(onLine?.path.at(-1) ?? 'secret').toUpperCase();
  const fix =
    found.what === 'a private key'
      ? 'keep it in a file of its own, and give its path'
      : `move it to .env as ${found.variable ?? (/^\d+$/.test(name) ? 'SECRET' : name)}=…`;
  const where = `${file.name}:${line}:${found.index + 1}${key}`;
  return [{ where, what: `${found.what} does not belong here: ${fix}`, secret: true }];
}

function contentIn(
  text: string,
  secrets: ReadonlyMap<string, string>,
): { what: string; variable?: string; index: number } | undefined {
  for (const [variable, value] of secrets) {
    const index = value.length < SHORTEST_VALUE ? -1 : text.indexOf(value);
    if (index >= 0) return { what: `the value of ${variable}`, variable, index };
  }
  for (const { pattern, ...shape } of SHAPES) {
    const match = pattern.exec(text);
    if (match !== null) return { ...shape, index: match.index };
  }
  return undefined;
}

function withoutEnvironment(path: Path): Path {
  return path[0] === 'environments' ? path.slice(2) : path;
}

function isInside(path: Path, outer: Path): boolean {
  return path.length > outer.length && outer.every((name, index) => path[index] === name);
}

/** "vultrApiKey" and "Vultr-API-Key" are "vultr_api_key". */
function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
}
