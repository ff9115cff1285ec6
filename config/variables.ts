import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

/** Variables from one place: the environment, or one .env file. An empty one counts as not set. */
export interface Variables {
  readonly names: readonly string[];
  get(name: string): string | undefined;
  /** "environment ANNY_ENV", ".env line 3" */
  origin(name: string): string;
  /** "ANNY_ENV in the environment", ".env:3  ANNY_ENV" */
  where(name: string): string;
  readonly warnings: readonly string[];
}

/** The first place that has it, and which place that is. */
export function lookUp(places: readonly Variables[], name: string): { value: string; place: Variables } | undefined {
  for (const place of places) {
    const value = place.get(name);
    if (value !== undefined) return { value, place };
  }
  return undefined;
}

export function environmentVariables(env: Readonly<Record<string, string | undefined>>): Variables {
  return {
    names: Object.keys(env).filter((name) => env[name]),
    get: (name) => env[name] || undefined,
    origin: (name) => `environment ${name}`,
    where: (name) => `${name} in the environment`,
    warnings: [],
  };
}

/** Variables of `directory/name` (".env", ".env.local"); undefined when there is no such file. */
export async function fileVariables(directory: string, name: string): Promise<Variables | undefined> {
  const path = join(directory, name);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const values = new Map(Object.entries(parseEnv(text)).filter(([, value]) => value !== undefined && value !== ''));
  const lineOf = (variable: string): number => lastLine(text, variable);
  return {
    names: [...values.keys()],
    get: (variable) => values.get(variable),
    origin: (variable) => `${name} line ${lineOf(variable)}`,
    where: (variable) => `${name}:${lineOf(variable)}  ${variable}`,
    warnings: [...(await openToOthers(path, name)), ...strayLines(text, name, [...values.values()])],
  };
}

async function openToOthers(path: string, name: string): Promise<string[]> {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return [];
  return [`${name} can be read by other users (mode ${(mode & 0o777).toString(8)}): chmod 600 ${path}`];
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=/;

/** The last assignment is the one that counts. */
function lastLine(text: string, variable: string): number {
  return text.split('\n').findLastIndex((line) => ASSIGNMENT.exec(line)?.[1] === variable) + 1;
}

/** Lines that the parser passes over in silence, such as "VULTR_API_KEY: …". They may hold a secret: only their numbers are named. */
function strayLines(text: string, name: string, values: readonly (string | undefined)[]): string[] {
  const inside = values.filter((value) => value?.includes('\n'));
  return text.split('\n').flatMap((line, index) => {
    const content = line.trim();
    const known = content === '' || content.startsWith('#') || ASSIGNMENT.test(line);
    if (known || inside.some((value) => value?.includes(content.replace(/["'`]$/, '')))) return [];
    return [`${name}:${index + 1} is not NAME=value, and is not read`];
  });
}
