import { pipeline, Transform } from 'node:stream';
import { createGzip } from 'node:zlib';
import Docker from 'dockerode';
import type { Settings } from '../config/settings.ts';
import type { Shell } from '../machine/shell.ts';
import { quote } from '../machine/ssh-shell.ts';
import { AnnyError } from '../operation/errors.ts';
import type { StepReport } from '../operation/report.ts';
import { contextArchive, readBuildContext } from './build-context.ts';

const LOAD_TIMEOUT_MS = 30 * 60_000;
const LAST_LINES = 12;

/** Loads what comes on stdin, and gives it the tag that follows. */
const LOAD = `loaded=$(docker load --quiet | sed -nE 's/^Loaded image( ID)?: //p' | tail -n 1)
docker tag "$loaded"`;

/** The tag that the machine's compose file names. */
export function bakedTag(settings: Settings): string {
  return `${settings.config.app.name}:baked`;
}

/** Begins to make the app's image, while machines boot and packages come; `stop` ends that. */
export type BeginApp = (settings: Settings, stop: AbortSignal) => BringApp;

/** Puts it on a machine that is baked, once it is there; says how it came. */
export type BringApp = (shell: Shell, progress: StepReport) => Promise<string>;

/** What most clouds' machines are. Where one is not, the image is built once more. */
const LIKELY_MACHINE = 'amd64';

/** Builds the app's image: on the operator's engine and streamed over, or on the machine where there is no engine. */
export function beginApp(settings: Settings, stop: AbortSignal, engine = new Docker()): BringApp {
  let tell = (_line: string): void => undefined;
  const build = async (machine: string): Promise<BuiltImage> => {
    const platform = (await engine.version()).Arch === machine ? {} : { platform: `linux/${machine}` };
    return { machine, id: await buildHere(settings, engine, { platform, stop, tell: (line) => tell(line) }) };
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
    const machine = (await shell.run('dpkg --print-architecture')).trim();
    const { id } = machine === first.machine ? first : await build(machine);
    const bytes = await streamOver(settings, { engine, id }, shell, progress);
    return `${Math.round(bytes / 1e6)} MB streamed over`;
  };
}

interface BuiltImage {
  /** The kind of machine that it is for, as Debian calls it. */
  readonly machine: string;
  /** Its tag may be another's by the time it is streamed. */
  readonly id: string;
}

function isThere(engine: Docker): Promise<boolean> {
  return engine.ping().then(
    () => true,
    () => false,
  );
}

interface Building {
  readonly platform: { readonly platform?: string };
  readonly stop: AbortSignal;
  readonly tell: (line: string) => void;
}

async function buildHere(settings: Settings, engine: Docker, { platform, stop, tell }: Building): Promise<string> {
  const { dockerfile, build_args: buildargs } = settings.config.app;
  const archive = contextArchive(await readBuildContext(settings));
  const lines: string[] = [];
  let id = bakedTag(settings);
  try {
    const stream = await engine.buildImage(archive, {
      ...{ t: bakedTag(settings), dockerfile, buildargs, forcerm: true, abortSignal: stop },
      ...platform,
    });
    await follow(engine, stream, (event) => {
      id = event.aux?.ID ?? id;
      const text = (event.stream ?? event.error ?? '').trim();
      if (text === '') return;
      lines.push(text);
      tell(text);
    });
    return id;
  } catch (cause) {
    throw new AnnyError('BUILD_FAILED', {
      doing: `building the app's image from ${settings.config.app.context}/${dockerfile}`,
      found: [...lines, cause instanceof Error ? cause.message : String(cause)].slice(-LAST_LINES).join('\n  '),
      next: 'the last lines above say why; no machine was changed for good',
      cause,
    });
  }
}

interface BuildEvent {
  readonly stream?: string;
  readonly error?: string;
  readonly aux?: { readonly ID?: string };
}

function follow(engine: Docker, stream: NodeJS.ReadableStream, onEvent: (event: BuildEvent) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    engine.modem.followProgress(
      stream,
      (error: Error | null, output: BuildEvent[]) => {
        const failed = output?.find((event) => event.error !== undefined)?.error;
        if (error !== null) reject(error);
        else if (failed !== undefined) reject(new Error(failed));
        else resolve();
      },
      onEvent,
    );
  });
}

/** No copy on any disk on the way. Compressed where the machine is far. */
async function streamOver(
  settings: Settings,
  { engine, id }: { readonly engine: Docker; readonly id: string },
  shell: Shell,
  progress: StepReport,
): Promise<number> {
  const saved = await engine.getImage(id).get();
  let bytes = 0;
  const counter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      progress.progress(`${Math.round(bytes / 1e6)} MB`);
      done(null, chunk);
    },
  });
  const isNear = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|127\.)/.test(shell.address);
  const stdin = isNear ? counter : createGzip({ level: 1 });
  // An engine that breaks off ends the machine's input with an error, and does not end this program.
  const broken: Error[] = [];
  saved.once('error', (error: Error) => broken.push(error));
  if (isNear) pipeline(saved, counter, () => undefined);
  else pipeline(saved, counter, stdin, () => undefined);
  try {
    await shell.run(`${LOAD} ${quote(bakedTag(settings))}\n${forgetOthers(settings)}`, {
      stdin,
      timeoutMs: LOAD_TIMEOUT_MS,
    });
  } catch (error) {
    throw broken[0] === undefined ? error : engineBroke(broken[0], bytes);
  }
  return bytes;
}

function engineBroke(cause: Error, bytes: number): AnnyError {
  return new AnnyError('BUILD_FAILED', {
    doing: "streaming the app's image to the machine",
    found: `the engine here broke off after ${Math.round(bytes / 1e6)} MB: ${cause.message}`,
    next: 'see that Docker runs here and has space, then bake again',
    cause,
  });
}

/** The parent's app image, or an earlier one, is not baked along. */
function forgetOthers(settings: Settings): string {
  return `docker image inspect ${quote(bakedTag(settings))} >/dev/null && docker image prune --force >/dev/null`;
}

async function buildThere(settings: Settings, shell: Shell): Promise<void> {
  const { dockerfile, build_args: args } = settings.config.app;
  const flags = Object.entries(args).map(([name, value]) => `--build-arg ${quote(`${name}=${value}`)}`);
  const stdin = contextArchive(await readBuildContext(settings));
  await shell.run(
    `docker build --quiet --tag ${quote(bakedTag(settings))} --file ${quote(dockerfile)} ${flags.join(' ')} - >/dev/null`,
    {
      stdin,
      timeoutMs: LOAD_TIMEOUT_MS,
    },
  );
}
