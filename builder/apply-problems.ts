import { parseYaml } from '../config/yaml-file.ts';
import { AnnyError, hasCode } from '../operation/errors.ts';
import type { Definition } from './definition.ts';
import { placeIn } from './definition-problems.ts';

/** In the words of most, of apt, and of tar. */
const NO_SPACE = /No space left on device|have enough free space|Wrote only \d+ of \d+ bytes/i;
const NO_PACKAGE = /Unable to locate package (\S+)|Package '([^']+)' has no installation candidate/g;
/** What runScript says before it runs a line. */
const RUN_LINE = /^(?:exit \d+: )?\s*\+ (.*)$/;

/** A command of the machine failed while its definition was applied: what that means, and which line of the file it comes from. */
export function explainFailure(definition: Definition, step: string, error: unknown): unknown {
  if (!(error instanceof AnnyError) || !hasCode(error, 'COMMAND_FAILED')) return error;
  const { found } = error;
  const place = placeOfLast(definition, step, found);
  if (NO_SPACE.test(found)) return noSpace(definition, place ?? step, error);
  const missing = [...found.matchAll(NO_PACKAGE)].flatMap(([, unknown, gone]) => unknown ?? gone ?? []);
  if (missing.length > 0) return noPackages(definition, missing, error);
  return place === undefined ? error : badLine(place, error);
}

/** The place of the line that was at it; undefined where none is known. */
function placeOfLast(definition: Definition, step: string, found: string): string | undefined {
  const line = found
    .split('\n')
    .flatMap((text) => RUN_LINE.exec(text)?.[1] ?? [])
    .at(-1);
  const key = step === 'app run' ? 'app_run' : 'run';
  const index = definition[key].findIndex((one) => one.trim().split('\n')[0] === line);
  return index === -1 ? undefined : placeIn(yamlOf(definition), [key, String(index)], 'value');
}

/** Without what the lines before it have said. */
function saidByLast(found: string): string {
  const [exit = ''] = /^exit \d+: /.exec(found) ?? [];
  const lines = found.split('\n');
  const last = lines
    .slice(
      Math.max(
        0,
        lines.findLastIndex((text) => RUN_LINE.test(text)),
      ),
    )
    .join('\n');
  return last.startsWith(exit) ? last : `${exit}${last.trimStart()}`;
}

function noSpace({ name }: Definition, step: string, cause: AnnyError): AnnyError {
  return new AnnyError('NO_SPACE', {
    doing: `baking ${name}, ${step}`,
    found: `the builder's disk is full: ${saidByLast(cause.found)}`,
    next: 'choose an infra.vultr_plan with a larger disk, or bake less into the image',
    cause,
  });
}

function noPackages(definition: Definition, missing: readonly string[], cause: AnnyError): AnnyError {
  const places = missing.map((name) => {
    const index = definition.packages.indexOf(name);
    const where =
      index === -1
        ? `${definition.file}  docker: true`
        : placeIn(yamlOf(definition), ['packages', String(index)], 'value');
    return `${where}: the system's sources have no package "${name}"`;
  });
  return new AnnyError('DEFINITION_INVALID', {
    doing: `installing the packages of ${definition.name}`,
    found: places.length === 1 ? (places[0] ?? '') : [`${places.length} are missing:`, ...places].join('\n  '),
    next: 'correct the name; packages.debian.org and packages.ubuntu.com say what there is',
    cause,
  });
}

function badLine(place: string, cause: AnnyError): AnnyError {
  return new AnnyError('COMMAND_FAILED', {
    doing: `running ${place}`,
    found: saidByLast(cause.found),
    next: cause.next,
    cause,
  });
}

function yamlOf({ text, file }: Definition) {
  return parseYaml(text, file);
}
