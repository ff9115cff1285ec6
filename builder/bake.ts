import type { Cloud, InstanceId, SnapshotId } from '../cloud/cloud.ts';
import type { LoadedSettings } from '../config/settings.ts';
import type { Shell, Shells } from '../machine/shell.ts';
import { AnnyError } from '../operation/errors.ts';
import type { Here } from '../operation/here.ts';
import type { Running } from '../operation/running.ts';
import { type Operation, runStep } from '../operation/step.ts';
import { waitFor } from '../operation/wait.ts';
import type { BakeApp } from './app-image.ts';
import { withBakeMachine } from './bake-machine.ts';
import { describeImage } from './catalog.ts';
import { checksScript, countChecks, readChecks } from './checks.ts';
import { cleanScript } from './clean.ts';
import type { Definition } from './definition.ts';
import type { Identity } from './digest.ts';
import { type MachineFile, renderTree } from './render.ts';
import { directoriesScript, ownersScript, packagesScript, runScript, servicesScript, usersScript } from './scripts.ts';
import { needleStream, needlesOf, readHits, refuseHits, searchBooted, searchScript } from './secret-search.ts';
import { fileArchive } from './upload.ts';

export interface BakeContext {
  readonly settings: LoadedSettings;
  readonly cloud: Cloud;
  readonly shells: Shells;
  readonly bakeApp: BakeApp;
  readonly operation: Operation;
  readonly running: Running;
  readonly here: Here;
}

export interface BakeRequest {
  /** From the one on the stock system to the one that is baked. */
  readonly chain: readonly Definition[];
  readonly identity: Identity;
  /** The parent's snapshot; undefined bakes on the stock system. */
  readonly parent: SnapshotId | undefined;
}

const APPLY_TIMEOUT_MS = 60 * 60_000;
const CHECK_TIMEOUT_MS = 10 * 60_000;
const POWER_OFF_TIMEOUT_MS = 5 * 60_000;
const POLL_MS = 500;

/** Bakes, tests, cleans, searches, snapshots, boots the result, tests and searches again. Leaves the image and nothing else. */
export async function bake(context: BakeContext, request: BakeRequest): Promise<SnapshotId> {
  const { identity, chain, parent } = request;
  const from = parent === undefined ? { osId: context.settings.config.infra.vultr_os_id } : { snapshotId: parent };
  const builder = await withBakeMachine(context, { what: 'bake', identity, from }, async ({ id, shell }) => {
    await applyDefinition(context, request, shell);
    await testMachine(context, chain, shell, 'test');
    await cleanAndSearch(context, chain, shell);
    return id;
  });
  await powerOff(context, builder);
  const snapshot = await takeSnapshot(context, request, builder);
  const fresh = { what: 'boot-test', identity, from: { snapshotId: snapshot } } as const;
  const booted = await withBakeMachine(context, fresh, async ({ id, shell }) => {
    await destroy(context, 'destroy builder', builder);
    await testMachine(context, chain, shell, 'test the booted machine');
    await searchTheBooted(context, shell);
    return id;
  });
  // Before the image is there for everybody: the next build finds it with one listing, and looks for nothing that was left.
  await destroy(context, 'destroy test machine', booted);
  await markTested(context, request, snapshot);
  return snapshot;
}

function labelOf({ identity }: BakeRequest) {
  return { name: identity.name, digest: identity.digest, parent: identity.parent };
}

async function applyDefinition(context: BakeContext, { chain, identity }: BakeRequest, shell: Shell): Promise<void> {
  const { operation, settings } = context;
  const definition = last(chain);
  const files = await renderTree(settings, definition);
  const apply = (name: string, script: string): Promise<unknown> =>
    script.trim() === ''
      ? Promise.resolve()
      : runStep(operation, {
          name,
          interruptible: true,
          run: (progress) =>
            shell.run(script, { timeoutMs: APPLY_TIMEOUT_MS, onLine: (line) => progress.progress(line) }),
          describe: () => '',
        });
  await apply('packages', packagesScript(definition, settings.config.image));
  await apply('users and directories', [usersScript(definition), directoriesScript(definition)].join('\n'));
  await runStep(operation, {
    name: 'files',
    interruptible: true,
    run: () => upload(shell, files),
    describe: () => `${files.length}`,
  });
  if (definition.app) {
    await runStep(operation, {
      name: 'app image',
      detail: `from ${settings.config.app.context}`,
      interruptible: true,
      run: (progress) => context.bakeApp(settings, shell, { progress, stop: operation.interrupt }),
      describe: (text) => text,
    });
  }
  await apply('services', [servicesScript(definition), runScript(definition)].join('\n'));
  // Last of all: a machine that says what it is has everything.
  await shell.put('/etc/anny/image.json', `${JSON.stringify({ name: identity.name, digest: identity.digest })}\n`, {
    mode: 0o644,
  });
}

async function upload(shell: Shell, files: readonly MachineFile[]): Promise<void> {
  await shell.run('tar -C / -x --no-same-owner --no-overwrite-dir --preserve-permissions', {
    stdin: fileArchive(files),
    timeoutMs: APPLY_TIMEOUT_MS,
  });
  const owners = ownersScript(files);
  if (owners !== '') await shell.run(owners);
}

async function testMachine(
  context: BakeContext,
  chain: readonly Definition[],
  shell: Shell,
  name: string,
): Promise<void> {
  await runStep(context.operation, {
    name,
    interruptible: true,
    run: async () => {
      const results = readChecks(await shell.run(checksScript(chain), { timeoutMs: CHECK_TIMEOUT_MS }));
      const bad = results.filter(({ ok }) => !ok);
      const missing = countChecks(chain) - results.length;
      if (bad.length === 0 && missing === 0) return results.length;
      throw new AnnyError('IMAGE_TEST_FAILED', {
        doing: `testing what ${last(chain).name} must hold`,
        found: [
          ...bad.map((check) => `${check.name}: ${check.found || 'does not hold'}`),
          ...(missing === 0 ? [] : [`${missing} tests gave no answer`]),
        ].join('; '),
        next: `mend ${last(chain).file} or its templates; --on-error=keep leaves the machine for a look`,
      });
    },
    describe: (count) => `${count} hold`,
  });
}

/** One script, since the login that it came by is removed in it. */
async function cleanAndSearch(context: BakeContext, chain: readonly Definition[], shell: Shell): Promise<void> {
  const needles = needlesOf(context.settings);
  await runStep(context.operation, {
    name: 'clean and search',
    detail: `for ${needles.length} pieces of secrets, and for keys`,
    interruptible: true,
    run: async () => {
      const output = await shell.run(
        `needles_in=$(cat)\n(${cleanScript(chain)})\nprintf '%s' "$needles_in" | (${searchScript()})\nsync\n(sleep 1; systemctl poweroff) >/dev/null 2>&1 </dev/null &`,
        { stdin: needleStream(needles), timeoutMs: APPLY_TIMEOUT_MS },
      );
      refuseHits(readHits(output, needles, 'cleaned'));
    },
    describe: () => 'nothing found',
  });
}

/** Shut down from inside, and seen stopped: a halt of the API is a pulled plug (packer-plugin-vultr PR#15). */
async function powerOff({ operation, cloud }: BakeContext, id: InstanceId): Promise<void> {
  await runStep(operation, {
    name: 'shut down',
    interruptible: true,
    run: () =>
      waitFor(
        operation.clock,
        {
          what: 'the builder to be seen stopped',
          timeoutMs: POWER_OFF_TIMEOUT_MS,
          intervalMs: POLL_MS,
          next: 'run the bake again',
          stop: operation.interrupt,
        },
        async () => {
          const now = await cloud.instance(id);
          return now?.power === 'stopped' ? { done: true } : { not: `power is ${now?.power ?? 'unknown'}` };
        },
      ),
    describe: () => 'seen stopped',
  });
}

async function takeSnapshot(context: BakeContext, request: BakeRequest, id: InstanceId): Promise<SnapshotId> {
  const { operation, cloud, settings } = context;
  const description = describeImage({ ...labelOf(request), stage: 'candidate', operation: operation.id });
  const made: { id?: SnapshotId } = {};
  const snapshot = await runStep(operation, {
    name: 'snapshot',
    run: async () => {
      made.id = await cloud.createSnapshot(id, description);
      return made.id;
    },
    undo: () => dropCandidate(cloud, made.id, description),
    describe: (snapshotId) => snapshotId,
  });
  await runStep(operation, {
    name: 'wait for the snapshot',
    interruptible: true,
    run: (progress) =>
      waitFor(
        operation.clock,
        {
          what: 'the snapshot',
          timeoutMs: settings.config.image.snapshot_timeout,
          intervalMs: POLL_MS,
          next: 'image.snapshot_timeout in config.yaml gives it longer',
          stop: operation.interrupt,
        },
        async () => {
          const status = (await cloud.snapshot(snapshot))?.status ?? 'not known yet';
          progress.progress(status);
          if (status === 'deleted') throw lostSnapshot(snapshot);
          return status === 'complete' ? { done: true } : { not: status };
        },
      ),
    describe: () => 'complete',
  });
  return snapshot;
}

/** By its description too: an order whose answer was lost may have made one. One that is called tested by now stays. */
async function dropCandidate(cloud: Cloud, id: SnapshotId | undefined, description: string): Promise<void> {
  const known = id === undefined ? undefined : await cloud.snapshot(id);
  const listed = (await cloud.snapshots()).filter((one) => one.description === description).map((one) => one.id);
  const fresh = id !== undefined && known === undefined ? [id] : [];
  for (const one of new Set([...listed, ...fresh])) await cloud.deleteSnapshot(one);
}

function lostSnapshot(id: SnapshotId): AnnyError {
  return new AnnyError('WAIT_TIMEOUT', {
    doing: 'waiting for the snapshot',
    found: `the account has deleted ${id}`,
    next: "see the account's limit of snapshots and who else works there, then bake again",
  });
}

/** Nothing is called tested that no fresh machine was booted from. */
async function searchTheBooted({ operation, settings }: BakeContext, shell: Shell): Promise<void> {
  await runStep(operation, {
    name: 'search the booted machine',
    interruptible: true,
    run: () => searchBooted(shell, settings),
    describe: () => 'nothing found',
  });
}

async function markTested(
  { operation, cloud }: BakeContext,
  request: BakeRequest,
  snapshot: SnapshotId,
): Promise<void> {
  const description = describeImage({ ...labelOf(request), stage: 'tested', operation: operation.id });
  await runStep(operation, { name: 'mark tested', run: () => cloud.describeSnapshot(snapshot, description) });
}

async function destroy({ operation, cloud }: BakeContext, name: string, id: InstanceId): Promise<void> {
  await runStep(operation, { name, run: () => cloud.destroyInstance(id) });
}

function last(chain: readonly Definition[]): Definition {
  const definition = chain.at(-1);
  if (definition === undefined) throw new Error('a chain has at least one definition');
  return definition;
}
