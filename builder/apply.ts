import type { Shell } from '../machine/shell.ts';
import { sideBySide } from '../operation/side-by-side.ts';
import { type Operation, runStep } from '../operation/step.ts';
import { explainFailure } from './apply-problems.ts';
import type { BakeContext, BakeRequest } from './bake-context.ts';
import { loadBeside } from './bring-base.ts';
import { own } from './definition.ts';
import { type MachineFile, renderTree } from './render.ts';
import { directoriesScript, ownersScript, packagesScript, runScript, servicesScript, usersScript } from './scripts.ts';
import { fileArchive } from './upload.ts';

const APPLY_TIMEOUT_MS = 60 * 60_000;
/** Where its images lie, and how they are stored, is said there. */
const OF_DOCKER = /^\/etc\/(docker|systemd\/system\/docker\.service\.d)\//;

/** Makes a fresh machine what its definition says. */
export async function applyDefinition(
  context: BakeContext,
  { chain, identity, bringApp, bringBase }: BakeRequest,
  shell: Shell,
): Promise<void> {
  const { operation, settings } = context;
  const definition = own(chain);
  const files = await renderTree(settings, definition);
  const explained = <T>(name: string, work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw explainFailure(definition, name, error);
    });
  const apply = (name: string, script: string, during = operation): Promise<unknown> =>
    script.trim() === ''
      ? Promise.resolve()
      : runStep(during, {
          name,
          interruptible: true,
          run: (progress) => {
            const onLine = (line: string): void => progress.progress(line);
            return explained(name, shell.run(script, { timeoutMs: APPLY_TIMEOUT_MS, onLine }));
          },
          describe: () => '',
        });
  const appBase = (during: Operation, packages: Promise<unknown>): Promise<void> =>
    runStep(during, {
      name: 'app base',
      interruptible: true,
      run: async (progress) => explained('app base', loadBeside(shell, await bringBase(shell, progress), packages)),
      describe: () => '',
    });
  // What Docker reads when it starts is there before it.
  const docker = files.filter(({ path }) => OF_DOCKER.test(path));
  if (docker.length > 0) await explained('files', unpack(shell, docker));
  // The network for one, the disk for the other, and a processor for each.
  await sideBySide(operation, (beside) => {
    const packages = apply('packages', packagesScript(definition, settings.config.image), beside);
    return definition.app_base ? [packages, appBase(beside, packages)] : [packages];
  });
  await apply('users and directories', [usersScript(definition), directoriesScript(definition)].join('\n'));
  await runStep(operation, {
    name: 'files',
    interruptible: true,
    run: () => explained('files', upload(shell, files)),
    describe: () => `${files.length}`,
  });
  // Meanwhile this computer may still build the app's image.
  await apply('services', [servicesScript(definition), runScript(definition.run)].join('\n'));
  if (definition.app) {
    await runStep(operation, {
      name: 'app image',
      detail: `from ${settings.config.app.context}`,
      interruptible: true,
      run: (progress) => explained('app image', bringApp(shell, progress)),
      describe: (text) => text,
    });
  }
  await apply('app run', runScript(definition.app_run));
  // Last of all: a machine that says what it is has everything.
  await shell.put('/etc/anny/image.json', `${JSON.stringify({ name: identity.name, digest: identity.digest })}\n`, {
    mode: 0o644,
  });
}

/** Without owners: who they are may only come with the packages. */
async function unpack(shell: Shell, files: readonly MachineFile[]): Promise<void> {
  await shell.run('tar -C / -x --no-same-owner --no-overwrite-dir --preserve-permissions', {
    stdin: fileArchive(files),
    timeoutMs: APPLY_TIMEOUT_MS,
  });
}

async function upload(shell: Shell, files: readonly MachineFile[]): Promise<void> {
  await unpack(shell, files);
  const owners = ownersScript(files);
  if (owners !== '') await shell.run(owners);
}
