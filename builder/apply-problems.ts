import { parseYaml } from '../config/yaml-file.ts';
import { AnnyError, hasCode } from '../operation/errors.ts';
import type { Definition } from './definition.ts';
import { placeIn } from './definition-problems.ts';

const NO_SPACE = /No space left on device|have enough free space/;
const NO_PACKAGE = /Unable to locate package (\S+)|Package '([^']+)' has no installation candidate/;
/** What runScript says before it runs a line. */
const RUN_LINE = /^\s*\+ (.*)$/;

/** A command of the machine failed while its definition was applied: what that means, and which line of the file it comes from. */
export function explainFailure(definition: Definition, step: string, error: unknown): unknown {
  if (!(error instanceof AnnyError) || !hasCode(error, 'COMMAND_FAILED')) return error;
  const { found } = error;
  if (NO_SPACE.test(found)) return noSpace(definition, step, error);
  const [, unknown, gone] = NO_PACKAGE.exec(found) ?? [];
  const missing = unknown ?? gone;
  if (missing !== undefined) return noPackage(definition, missing, error);
  const line = found
    .split('\n')
    .flatMap((text) => RUN_LINE.exec(text)?.[1] ?? [])
    .at(-1);
  const index = definition.run.findIndex((one) => one.trim().split('\n')[0] === line);
  return line === undefined || index === -1 ? error : badLine(definition, index, error);
}

function noSpace({ name }: Definition, step: string, cause: AnnyError): AnnyError {
  return new AnnyError('NO_SPACE', {
    doing: `baking ${name}, ${step}`,
    found: `the builder's disk is full: ${cause.found}`,
    next: 'choose an infra.vultr_plan with a larger disk, or bake less into the image',
    cause,
  });
}

function noPackage(definition: Definition, missing: string, cause: AnnyError): AnnyError {
  const index = definition.packages.indexOf(missing);
  const where =
    index === -1
      ? `${definition.file}  docker: true`
      : placeIn(yamlOf(definition), ['packages', String(index)], 'value');
  return new AnnyError('DEFINITION_INVALID', {
    doing: `installing the packages of ${definition.name}`,
    found: `${where}: the system's sources have no package "${missing}"`,
    next: 'correct its name; packages.debian.org and packages.ubuntu.com say what there is',
    cause,
  });
}

function badLine(definition: Definition, index: number, cause: AnnyError): AnnyError {
  return new AnnyError('COMMAND_FAILED', {
    doing: `running ${placeIn(yamlOf(definition), ['run', String(index)], 'value')}`,
    found: cause.found,
    next: cause.next,
    cause,
  });
}

function yamlOf({ text, file }: Definition) {
  return parseYaml(text, file);
}
