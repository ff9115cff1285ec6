import type { Image } from '../builder/catalog.ts';
import type { Manifest } from '../machine/box.ts';
import { AnnyError } from '../operation/errors.ts';
import { runStep } from '../operation/step.ts';
import type { Backup } from './backups.ts';
import type { Context } from './context.ts';
import { bootRelease, createRelease } from './create-release.ts';
import { passHealthGate, passSmokeTest } from './gates.ts';
import { withLastLines } from './last-lines.ts';
import { pullState } from './pull.ts';
import { type Answering, releaseName } from './release.ts';
import { releaseSecrets } from './release-secrets.ts';
import type { Slot } from './tags.ts';
import { takeBackup, whyNoBackup } from './take-backup.ts';

/** Where a candidate's state comes from. */
export type StateSource =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'backup'; readonly backup: Backup }
  | { readonly kind: 'writer'; readonly writer: Answering; readonly withoutBackup: boolean };

export interface PrepareRequest {
  readonly image: Image;
  readonly slot: Slot;
  readonly source: StateSource;
  /** A candidate with this image that an earlier command left; it is used instead of a new machine. */
  readonly reuse: Answering | undefined;
  /** The machine is no release: it never serves anybody, and no release command sees it. */
  readonly scratch?: true;
}

export interface Prepared {
  readonly machine: Answering;
  /** What its state was restored from, which proved that backup; undefined when it came from elsewhere. */
  readonly backup: Backup | undefined;
  readonly tookMs: number;
}

/** Brings a release up beside the live one: minutes, and no risk. The candidate's app runs when this is done. */
export async function prepareRelease(context: Context, request: PrepareRequest): Promise<Prepared> {
  const { operation } = context;
  const begun = operation.clock.uptime();
  const secrets = await releaseSecrets(context);
  const machine = request.reuse ?? (await createAndBoot(context, request));
  await runStep(operation, {
    name: 'secrets',
    run: async () => {
      await machine.box.prepare(machine.tags.release, machine.tags.slot);
      await machine.box.stop();
      await machine.box.secrets(secrets);
    },
  });
  const backup = await bringState(context, machine, request.source);
  await runStep(operation, {
    name: 'start the app',
    run: () => withLastLines(context, machine, () => machine.box.start(context.settings.config.deploy.health.wait)),
    describe: (health) => `HTTP ${health.status}`,
  });
  await passGates(context, machine, request.source);
  return { machine, backup, tookMs: operation.clock.uptime() - begun };
}

async function createAndBoot(context: Context, request: PrepareRequest): Promise<Answering> {
  const { operation, cloud } = context;
  const kind = request.scratch ? 'drill' : 'release';
  const name = releaseName(request.scratch ? 'drill' : request.slot, operation.clock.now(), operation.id);
  const made: { id?: Parameters<typeof cloud.destroyInstance>[0] } = {};
  const release = await runStep(operation, {
    name: 'create machine',
    detail: `${name} from image ${request.image.name} ${request.image.digest.slice(0, 12)}`,
    run: async () => {
      const created = await createRelease(context, { image: request.image, slot: request.slot, name, kind });
      made.id = created.instance.id;
      return created;
    },
    undo: async () => {
      if (made.id !== undefined) await cloud.destroyInstance(made.id);
    },
    describe: ({ instance }) => instance.id,
  });
  return runStep(operation, {
    name: 'boot',
    interruptible: true,
    run: (progress) => bootRelease(context, release, progress),
    describe: ({ address }) => `${address}, host key as pinned`,
  });
}

async function bringState(context: Context, machine: Answering, source: StateSource): Promise<Backup | undefined> {
  switch (source.kind) {
    case 'nothing':
      return undefined;
    case 'backup':
      return restoreBackup(context, machine, source.backup.name, async () => source.backup);
    case 'writer': {
      const why = whyNoBackup(context.backups, source.withoutBackup);
      if (why === undefined) {
        return restoreBackup(context, machine, 'a fresh one, made now', () => takeBackup(source.writer.box));
      }
      await runStep(context.operation, {
        name: 'copy state',
        detail: why,
        run: () => pullState(source.writer, machine),
        describe: describeManifest,
      });
      return undefined;
    }
  }
}

/** The machine fetches it from the repository by itself, and compares what came with what was put in. */
async function restoreBackup(
  context: Context,
  machine: Answering,
  detail: string,
  choose: () => Promise<Backup>,
): Promise<Backup> {
  const { backup } = await runStep(context.operation, {
    name: 'restore backup',
    detail,
    run: async () => {
      try {
        const backup = await choose();
        return { backup, manifest: await machine.box.restore(backup.id) };
      } catch (error) {
        throw error instanceof AnnyError && error.code === 'BOX_FAILED' ? unproved(error) : error;
      }
    },
    describe: ({ manifest }) => describeManifest(manifest),
  });
  return backup;
}

/** TLS by name needs the issued certificate that came with the state; a first release gets its own after the switch. */
async function passGates(context: Context, machine: Answering, source: StateSource): Promise<void> {
  const { operation, smoke } = context;
  const { certificate } = await machine.box.status();
  if (certificate.kind !== 'issued') {
    if (source.kind === 'writer') throw withoutCertificate(machine, source.writer);
    return;
  }
  const pass = operation.clock.randomHex(16);
  const gate = { address: machine.address, pass };
  await runStep(operation, {
    name: 'health',
    interruptible: true,
    detail: 'by HTTPS and name, at the new address',
    run: async (progress) => {
      await machine.box.pass(pass);
      return withLastLines(context, machine, () => passHealthGate(context, gate, progress));
    },
    describe: (text) => text,
  });
  if (smoke.script === undefined) return;
  await runStep(operation, {
    name: 'smoke test',
    run: () => withLastLines(context, machine, () => passSmokeTest(context, gate)),
    describe: (text) => text,
  });
}

function describeManifest(manifest: Manifest): string {
  return `${manifest.files} ${manifest.files === 1 ? 'file' : 'files'}, ${manifest.bytes} bytes`;
}

/** What cannot be restored is no backup: nothing goes on without one unless that is said. */
function unproved(error: AnnyError): AnnyError {
  return new AnnyError('BACKUP_UNPROVED', {
    doing: `proving a backup: ${error.doing}`,
    found: error.found,
    next: `${error.next}; to promote without one all the same: promote --without-backup; to restore another: restore --backup NAME`,
    cause: error,
  });
}

/** Nothing takes over from a live release before TLS by name was seen at its address. */
function withoutCertificate(machine: Answering, writer: Answering): AnnyError {
  return new AnnyError('UNHEALTHY', {
    doing: `preparing ${machine.tags.release}`,
    found: `the certificate of ${writer.tags.release} did not come with its state, so TLS by name cannot be seen`,
    next: 'run the same command again; anny-bluegreen logs --all says what the machine wrote',
  });
}
