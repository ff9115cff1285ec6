import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import Docker from 'dockerode';
import type { BakeContext } from '../../builder/bake-context.ts';
import { withBakeMachine } from '../../builder/bake-machine.ts';
import { bakedTag } from '../../builder/build-app.ts';
import { type Definition, readChain } from '../../builder/definition.ts';
import { type MachineFile, renderTree } from '../../builder/render.ts';
import {
  directoriesScript,
  ownersScript,
  packagesScript,
  runScript,
  servicesScript,
  usersScript,
} from '../../builder/scripts.ts';
import { localPath } from '../../config/local-path.ts';
import type { LoadedSettings } from '../../config/settings.ts';
import type { Shell } from '../../machine/shell.ts';

/** One image of the chain, as every peer is given it: the same packages, files and services. */
export interface Part {
  readonly definition: Definition;
  readonly files: readonly MachineFile[];
}

/** What is run for a part, in this order, by those who run scripts: one set of them before its files come, two after. */
export function scriptsOf({ definition, files }: Part, image: LoadedSettings['config']['image']) {
  return {
    before: [packagesScript(definition, image), usersScript(definition), directoriesScript(definition)],
    owners: ownersScript(files),
    after: [servicesScript(definition), runScript([...definition.run, ...definition.app_run])],
  };
}

/** What is baked, for tools that are not Anny. */
export interface Kit {
  readonly settings: LoadedSettings;
  /** Each part's files lie in it as they would on the machine, under the part's name. */
  readonly directory: string;
  readonly parts: readonly Part[];
  /** The app's image as `docker save` writes it. */
  readonly appArchive: string;
}

export async function withKit<T>({ settings }: BakeContext, use: (kit: Kit) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-peers-'));
  try {
    const chain = await readChain(settings.directory, settings.config.image.name);
    // They load the app's image as a whole, so nothing comes before it.
    const parts = await Promise.all(
      chain.map(async (one) => ({ definition: { ...one, app_base: false }, files: await renderTree(settings, one) })),
    );
    for (const { definition, files } of parts) await writeTree(join(directory, definition.name), files);
    const appArchive = join(directory, 'app.tar');
    await pipeline(await new Docker().getImage(bakedTag(settings)).get(), createWriteStream(appArchive));
    return await use({ settings, directory, parts, appArchive });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function writeTree(root: string, files: readonly MachineFile[]): Promise<void> {
  for (const { path, content } of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

/** A machine that a peer comes to over SSH, as root through sudo. */
export interface Bare {
  readonly shell: Shell;
  readonly user: 'anny-bake';
  readonly privateKey: string;
  readonly knownHosts: string;
}

/** A fresh machine on the stock system, of the kind on which Anny bakes; destroyed afterwards. */
export async function onBareMachine<T>(
  context: BakeContext,
  { settings, directory }: Kit,
  use: (bare: Bare) => Promise<T>,
): Promise<T> {
  const { infra } = settings.config;
  const identity = { name: 'plain', digest: '0'.repeat(64), parent: 'os', inputs: [] };
  const request = { what: 'bake', identity, from: { osId: infra.vultr_os_id } } as const;
  return withBakeMachine(context, request, async ({ id, shell }) => {
    try {
      const knownHosts = join(directory, 'known_hosts');
      const key = await shell.run('cat /etc/ssh/ssh_host_ed25519_key.pub');
      await writeFile(knownHosts, `${shell.address} ${key}`);
      const privateKey = localPath(settings.directory, infra.ssh_private_key);
      return await use({ shell, user: 'anny-bake', privateKey, knownHosts });
    } finally {
      await context.cloud.destroyInstance(id);
    }
  });
}
