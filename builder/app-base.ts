import type { Settings } from '../config/settings.ts';
import { readBuildContext } from './build-context.ts';

/** What the last stage of the app's Dockerfile stands on: "node:24-slim"; undefined where that is nothing. */
export async function appBaseOf(settings: Settings): Promise<string | undefined> {
  const { dockerfile, build_args: given } = settings.config.app;
  const files = await readBuildContext(settings);
  const text = files.find(({ path }) => path === dockerfile.replace(/^\.\//, ''))?.content.toString() ?? '';
  return lastBase(text, given);
}

export function lastBase(dockerfile: string, given: Readonly<Record<string, string>>): string | undefined {
  const stages = new Map<string, string>();
  const defaults = new Map<string, string>();
  let last: string | undefined;
  for (const instruction of instructionsOf(dockerfile)) {
    const argument = last === undefined ? /^ARG\s+(\w+)(?:=(.*))?$/i.exec(instruction) : null;
    if (argument?.[1] !== undefined) defaults.set(argument[1], given[argument[1]] ?? unquoted(argument[2] ?? ''));
    const [, from, name] = /^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(instruction) ?? [];
    if (from === undefined) continue;
    const image = expand(unquoted(from), defaults);
    last = stages.get(image.toLowerCase()) ?? image;
    if (name !== undefined) stages.set(name.toLowerCase(), last);
  }
  return last === undefined || last === '' || last === 'scratch' ? undefined : last;
}

/** One a line: without comments, and without texts that an instruction brings with it, which may have a FROM of their own. */
function instructionsOf(dockerfile: string): readonly string[] {
  const found: string[] = [];
  let ends: string | undefined;
  let rest = '';
  for (const line of dockerfile.split(/\r?\n/)) {
    if (ends !== undefined) {
      if (line.trim() === ends) ends = undefined;
      continue;
    }
    if (/^\s*(#|$)/.test(line)) continue;
    rest += line.trim();
    if (rest.endsWith('\\')) {
      rest = `${rest.slice(0, -1)} `;
      continue;
    }
    ends = /<<-?\s*["']?(\w+)/.exec(rest)?.[1];
    found.push(rest);
    rest = '';
  }
  return found;
}

/** $NAME, ${NAME}, ${NAME:-otherwise}, ${NAME:+instead} */
function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(
    /\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g,
    (_all, plain: string | undefined, braced: string | undefined, kind: string | undefined, other: string = '') => {
      const value = values.get(plain ?? braced ?? '') ?? '';
      if (kind === '-') return value === '' ? other : value;
      if (kind === '+') return value === '' ? '' : other;
      return value;
    },
  );
}

function unquoted(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, '$2');
}
