import type Docker from 'dockerode';
import type { Settings } from '../config/settings.ts';
import { AnnyError } from '../operation/errors.ts';
import { contextArchive, readBuildContext } from './build-context.ts';

const LAST_LINES = 12;

/** The tag that the machine's compose file names. */
export function bakedTag(settings: Settings): string {
  return `${settings.config.app.name}:baked`;
}

/** Of what it stands on, which holds its layers for the images that are baked on this one; no container is made of it. */
export function baseTag(settings: Settings): string {
  return `${settings.config.app.name}:base`;
}

export interface Building {
  readonly platform: { readonly platform?: string };
  readonly stop: AbortSignal;
  readonly tell: (line: string) => void;
}

/** On the operator's engine; resolves with its id, since its tag may be another's by the time it is sent. */
export async function buildHere(
  settings: Settings,
  engine: Docker,
  { platform, stop, tell }: Building,
): Promise<string> {
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

export function follow(
  engine: Docker,
  stream: NodeJS.ReadableStream,
  onEvent: (event: BuildEvent) => void,
): Promise<void> {
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
