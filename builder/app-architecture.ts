import type Docker from 'dockerode';
import type { Settings } from '../config/settings.ts';
import { AnnyError } from '../operation/errors.ts';
import { readBuildContext } from './build-context.ts';

/** Debian's name for a kind of processor -> Docker's, where they are different. */
const AT_DOCKER: Readonly<Record<string, string>> = { armhf: 'arm', armel: 'arm', i386: '386', ppc64el: 'ppc64le' };

/** An image that was built from one for another kind of processor would end at its first start: said when it is built. */
export async function requireArchitecture(
  settings: Settings,
  engine: Docker,
  { id, machine }: { readonly id: string; readonly machine: string },
): Promise<void> {
  const { Architecture: found } = await engine.getImage(id).inspect();
  const wanted = AT_DOCKER[machine] ?? machine;
  if (found === wanted) return;
  throw new AnnyError('BUILD_FAILED', {
    doing: `building the app's image for a machine of kind ${machine}`,
    found: `${await lastFrom(settings)} gave an image for ${found}`,
    next: `let it stand on an image that there is for ${wanted}: see FROM, --platform, and app.build_args in config.yaml`,
  });
}

/** "app/Dockerfile:12 FROM node:24": what the image stands on. */
async function lastFrom(settings: Settings): Promise<string> {
  const { context, dockerfile } = settings.config.app;
  const file = (await readBuildContext(settings)).find(({ path }) => path === dockerfile);
  const lines = (file?.content.toString() ?? '').split('\n');
  const index = lines.findLastIndex((line) => /^\s*FROM\s/i.test(line));
  return index === -1 ? `${context}/${dockerfile}` : `${context}/${dockerfile}:${index + 1} ${lines[index]?.trim()}`;
}
