import { createHash } from 'node:crypto';
import type { Settings } from '../config/settings.ts';
import { appBaseOf } from './app-base.ts';
import { readBuildContext } from './build-context.ts';
import { cleanScript } from './clean.ts';
import type { Definition } from './definition.ts';
import { renderTree } from './render.ts';
import { directoriesScript, packagesScript, runScript, servicesScript, usersScript } from './scripts.ts';

/** One thing that goes into an image. */
export interface Input {
  /** "template /etc/nginx/nginx.conf", "app Dockerfile", "parent base", "setting image.docker" */
  readonly name: string;
  readonly sha256: string;
}

export interface Identity {
  readonly name: string;
  /** sha256 over every input, 64 hexadecimal digits. */
  readonly digest: string;
  /** First 12 characters of the parent's digest, or "os". */
  readonly parent: string;
  readonly inputs: readonly Input[];
}

/** The identity of each image in a chain, the stock system's child first. Nothing is built for it. */
export async function identify(settings: Settings, chain: readonly Definition[]): Promise<readonly Identity[]> {
  const identities: Identity[] = [];
  for (const definition of chain) {
    const parent = identities.at(-1);
    const inputs = await inputsOf(settings, definition, parent);
    identities.push({
      name: definition.name,
      digest: sha256(JSON.stringify(inputs)),
      parent: parent?.digest.slice(0, 12) ?? 'os',
      inputs,
    });
  }
  return identities;
}

async function inputsOf(settings: Settings, definition: Definition, parent: Identity | undefined): Promise<Input[]> {
  const { image, infra, app } = settings.config;
  const from =
    parent === undefined ? input('os', String(infra.vultr_os_id)) : input(`parent ${parent.name}`, parent.digest);
  const files = await renderTree(settings, definition);
  return [
    from,
    input(`definition ${definition.file}`, definition.text),
    ...(definition.docker ? [input('setting image.docker', image.docker)] : []),
    ...(definition.packages.length > 0 ? [input('setting image.upgrade', String(image.upgrade))] : []),
    // A newer Anny may do the same definition in another way.
    input('script packages', packagesScript(definition, image)),
    input(
      'script machine',
      [
        ...[usersScript, directoriesScript, servicesScript].map((make) => make(definition)),
        ...[definition.run, definition.app_run].map(runScript),
      ].join('\n'),
    ),
    input('script clean', cleanScript([definition])),
    ...files.map((file) =>
      input(`file ${file.path}`, Buffer.concat([Buffer.from(`${file.owner} ${file.mode}\n`), file.content])),
    ),
    ...(definition.app_base ? [input('what app.dockerfile stands on', (await appBaseOf(settings)) ?? '')] : []),
    ...(definition.app ? await appInputs(settings) : []),
    ...(definition.app
      ? [
          input('setting app.build_args', JSON.stringify(Object.entries(app.build_args).sort())),
          input('setting app.dockerfile', app.dockerfile),
        ]
      : []),
  ];
}

async function appInputs(settings: Settings): Promise<Input[]> {
  const files = await readBuildContext(settings);
  return files.map(({ path, content, kind }) =>
    input(`app ${path}`, Buffer.concat([Buffer.from(`${kind}\n`), content])),
  );
}

function input(name: string, content: string | Buffer): Input {
  return { name, sha256: sha256(content) };
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** What is different between two images' inputs, in words: "changed: app server.ts". */
export function whatChanged(before: readonly Input[], after: readonly Input[]): readonly string[] {
  const old = new Map(before.map(({ name, sha256: hash }) => [name, hash]));
  const now = new Map(after.map(({ name, sha256: hash }) => [name, hash]));
  return [
    ...after.flatMap(({ name, sha256: hash }) => {
      const was = old.get(name);
      if (was === undefined) return [`new: ${name}`];
      return was === hash ? [] : [`changed: ${name}`];
    }),
    ...before.flatMap(({ name }) => (now.has(name) ? [] : [`gone: ${name}`])),
  ];
}
