import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { z } from 'zod';
import type { Engine } from './engine.ts';
import type { Place } from './place.ts';
import { declareResources, type Foundation } from './program.ts';

/** Where the engine finds the provider; the packages of both have the same version. */
const PROVIDER = { name: 'vultr', server: 'github://api.github.com/dirien/pulumi-vultr' };

/** Opens the stack of this place, with the program that declares the foundation, and closes it behind `run`. */
export async function withStack<T>(
  { LocalWorkspace, pulumiCommand, vultr }: Engine,
  place: Place,
  foundation: Foundation,
  run: (stack: Stack) => Promise<T>,
): Promise<T> {
  if (place.directory !== undefined) await mkdir(place.directory, { recursive: true, mode: 0o700 });
  const workDir = await mkdtemp(join(tmpdir(), 'anny-infra-'));
  try {
    const program = async () => declareResources(vultr, foundation);
    const stack = await LocalWorkspace.createOrSelectStack(
      { projectName: place.project, stackName: place.stack, program },
      { workDir, pulumiCommand, envVars: { ...place.variables } },
    );
    return await run(stack);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

/** A look at the disk where the provider is there already. */
export async function installProvider(stack: Stack): Promise<void> {
  await stack.workspace.installPluginFromServer(PROVIDER.name, `v${providerVersion()}`, PROVIDER.server);
}

export function providerOf(): { readonly version: string; readonly pluginDownloadUrl: string } {
  return { version: providerVersion(), pluginDownloadUrl: PROVIDER.server };
}

function providerVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('@ediri/vultr/package.json');
  return z.object({ version: z.string() }).parse(manifest).version.replace(/^v/, '');
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly protect: boolean;
}

const stateShape = z.object({
  resources: z
    .array(z.object({ urn: z.string(), type: z.string(), protect: z.boolean().default(false) }))
    .nullish()
    .transform((resources) => resources ?? []),
});

/** What the state holds, without the engine's own. */
export async function resourcesIn(stack: Stack): Promise<readonly StateResource[]> {
  const { deployment } = await stack.exportStack();
  return stateShape.parse(deployment ?? {}).resources.filter(({ type }) => !type.startsWith('pulumi:'));
}
