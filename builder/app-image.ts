import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import type { Settings } from '../config/settings.ts';
import type { Shell } from '../machine/shell.ts';
import { AnnyError } from '../operation/errors.ts';
import type { StepReport } from '../operation/report.ts';
import { requireArchitecture } from './app-architecture.ts';
import { bakedTag, baseTag, buildHere } from './build-app.ts';
import { type ImageArchive, openArchive } from './image-archive.ts';
import { buildThere, loadOver, type Sent } from './load-image.ts';

/** Begins to make the app's image, while machines boot and packages come; `stop` ends that, and takes away what lies here. */
export type BeginApp = (settings: Settings, stop: AbortSignal) => BringApp;

/** Puts it on a machine that is baked, once it is there; says how it came. */
export type BringApp = (shell: Shell, progress: StepReport) => Promise<string>;

/** What most clouds' machines are. Where one is not, the image is built once more. */
export const LIKELY_MACHINE = 'amd64';

/** Builds the app's image: on the operator's engine, and what the machine has not is sent; or on the machine where there is no engine. */
export function beginApp(settings: Settings, stop: AbortSignal, engine = new Docker()): BringApp {
  let tell = (_line: string): void => undefined;
  const build = async (machine: string): Promise<Made> => {
    const platform = (await engine.version()).Arch === machine ? {} : { platform: `linux/${machine}` };
    const id = await buildHere(settings, engine, { platform, stop, tell: (line) => tell(line) });
    await requireArchitecture(settings, engine, { id, machine });
    return { machine, archive: await archiveOf(engine, id, stop) };
  };
  const begun = isThere(engine).then((here) => (here ? build(LIKELY_MACHINE) : undefined));
  // Told when the image is wanted.
  begun.catch(() => undefined);
  return async (shell, progress) => {
    tell = (line) => progress.progress(line);
    const first = await begun;
    if (first === undefined) {
      await buildThere(settings, shell);
      return 'built on the machine';
    }
    const machine = await machineKind(shell);
    const { archive } = machine === first.machine ? first : await build(machine);
    const tags = { tag: bakedTag(settings), gone: baseTag(settings) };
    return sentText(await loadOver(shell, archive, tags, progress));
  };
}

function sentText({ sent, spared, refusal }: Sent): string {
  const text = `${megabytes(sent)} sent`;
  if (refusal !== undefined)
    return `${text}; without what the machine has it was refused: ${refusal.split('\n').at(-1)?.trim()}`;
  return spared === 0 ? text : `${text}, ${megabytes(spared)} were there`;
}

interface Made {
  /** The kind of machine that it is for, as Debian calls it. */
  readonly machine: string;
  readonly archive: ImageArchive;
}

export function isThere(engine: Docker): Promise<boolean> {
  return engine.ping().then(
    () => true,
    () => false,
  );
}

export async function machineKind(shell: Shell): Promise<string> {
  return (await shell.run('dpkg --print-architecture')).trim();
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** What the engine has under this name or id. */
export async function archiveOf(engine: Docker, name: string, stop: AbortSignal): Promise<ImageArchive> {
  try {
    return await openArchive((await engine.getImage(name).get()) as Readable, stop);
  } catch (cause) {
    throw new AnnyError('BUILD_FAILED', {
      doing: `taking the image ${name} from the engine here`,
      found: `it broke off: ${cause instanceof Error ? cause.message : String(cause)}`,
      next: 'see that Docker runs here, and that its disk and that of $TMPDIR have space, then bake again',
      cause,
    });
  }
}
