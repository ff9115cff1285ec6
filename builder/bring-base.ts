import Docker from 'dockerode';
import type { Settings } from '../config/settings.ts';
import type { Shell } from '../machine/shell.ts';
import { quote } from '../machine/ssh-shell.ts';
import { AnnyError, hasCode } from '../operation/errors.ts';
import type { StepReport } from '../operation/report.ts';
import { appBaseOf } from './app-base.ts';
import { archiveOf, isThere, LIKELY_MACHINE, machineKind } from './app-image.ts';
import { baseTag, follow } from './build-app.ts';
import type { ImageArchive } from './image-archive.ts';
import { LOAD_TIMEOUT_MS, loadScript, streamTo } from './load-image.ts';

/**
 * Brings what the app's Dockerfile stands on to a machine that may have no Docker yet, so that it comes while packages do.
 * Resolves with the script that gives it to Docker once that is there.
 */
export type BringBase = (shell: Shell, progress: StepReport) => Promise<string>;

export type BeginBase = (settings: Settings, stop: AbortSignal) => BringBase;

/** A place that cleaning empties. */
const BROUGHT = '/var/tmp/anny-app-base';

/** Takes it from the operator's engine; where there is none, the machine fetches it itself. */
export function beginBase(settings: Settings, stop: AbortSignal, engine = new Docker()): BringBase {
  const take = async (machine: string): Promise<Taken> => {
    const name = await appBaseOf(settings);
    if (name === undefined || !(await isThere(engine))) return { machine, name, archive: undefined };
    await fetchHere(engine, name, machine);
    return { machine, name, archive: await archiveOf(engine, name, stop) };
  };
  const begun = take(LIKELY_MACHINE);
  // Told when it is wanted.
  begun.catch(() => undefined);
  return async (shell, progress) => {
    const first = await begun;
    if (first.name === undefined) return '';
    const tag = baseTag(settings);
    if (first.archive === undefined)
      return `docker pull --quiet ${quote(first.name)}\ndocker tag ${quote(first.name)} ${quote(tag)}`;
    const machine = await machineKind(shell);
    const { archive } = machine === first.machine ? first : await take(machine);
    await streamTo(shell, (archive ?? first.archive).without(0).stream, `cat > ${BROUGHT}`, progress);
    // Far machines got it compressed, which Docker sees for itself.
    return `{\n${loadScript(tag)}\n} < ${BROUGHT}\nrm ${BROUGHT}`;
  };
}

/** Its socket is there as soon as its package is, and who knocks at it waits for Docker itself. */
const UNTIL_DOCKER = 'until [ -S /run/docker.sock ]; do sleep 0.1; done';

/** Runs a script that needs Docker while packages come, Docker among them. */
export async function loadBeside(shell: Shell, script: string, packages: Promise<unknown>): Promise<void> {
  if (script === '') return;
  const installed = packages.then(() => true);
  const listening = shell.run(UNTIL_DOCKER, { timeoutMs: LOAD_TIMEOUT_MS }).then(() => false);
  // Where packages bring none, the script says that there is none.
  listening.catch(() => undefined);
  const load = (): Promise<unknown> => shell.run(script, { timeoutMs: LOAD_TIMEOUT_MS });
  if (await Promise.race([installed, listening])) return void (await load());
  try {
    await load();
  } catch (error) {
    if (!hasCode(error, 'COMMAND_FAILED')) throw error;
    // A later package may have started Docker anew.
    await installed;
    await load();
  }
}

interface Taken {
  /** The kind of machine that it is for, as Debian calls it. */
  readonly machine: string;
  /** undefined where the app stands on nothing. */
  readonly name: string | undefined;
  /** undefined where there is no engine here. */
  readonly archive: ImageArchive | undefined;
}

/** A build of the app takes what is here too, however old. */
async function fetchHere(engine: Docker, name: string, machine: string): Promise<void> {
  const here = await engine
    .getImage(name)
    .inspect()
    .catch(() => undefined);
  if (here?.Architecture === machine) return;
  try {
    const stream: NodeJS.ReadableStream = await engine.pull(name, { platform: `linux/${machine}` });
    await follow(engine, stream, () => undefined);
  } catch (cause) {
    throw new AnnyError('BUILD_FAILED', {
      doing: `fetching ${name}, which the app's Dockerfile stands on`,
      found: cause instanceof Error ? cause.message : String(cause),
      next: 'see that the name is right and its registry lets you in (docker pull), then bake again',
      cause,
    });
  }
}
