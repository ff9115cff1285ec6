import { whileHolding } from '../lease/hold.ts';
import { AnnyError } from '../operation/errors.ts';
import { runStep, withUndo } from '../operation/step.ts';
import type { Backup } from './backups.ts';
import { chooseImage } from './choose-image.ts';
import type { Context } from './context.ts';
import { probeHealth } from './gates.ts';
import { observe } from './observe.ts';
import { type Prepared, prepareRelease } from './prepare.ts';
import { judge } from './situation.ts';
import { isDrill } from './tags.ts';
import { writeProof } from './write-proof.ts';

export interface DrillWish {
  /** First characters of an image's digest; undefined takes the newest tested. */
  readonly image: string | undefined;
  /** Name of a backup; undefined takes the newest. */
  readonly backup: string | undefined;
}

/** What a recovery would have come to. */
export interface DrillResult {
  readonly backup: Backup;
  readonly image: string;
  /** From the first call to the account to an app that is well: what is left of a real one is the name. */
  readonly rtoMs: number;
  /** How old the data is that would have come back. */
  readonly rpoSeconds: number;
  /** Writes that the live app has counted and the restored one has not; null where they do not count, or none is live. */
  readonly writesMissing: number | null;
}

/** Restores a backup onto a machine of its own, looks at what came back, and destroys the machine. Nobody is served by it. */
export async function drill(context: Context, wish: DrillWish): Promise<DrillResult> {
  const { operation, settings, lock } = context;
  const scope = `drill-${settings.environment}`;
  return whileHolding(operation, context, { scope, command: 'anny-bluegreen drill', ...lock }, async () => {
    await clearLeftovers(context);
    const image = await chooseImage(context, wish.image);
    const backup = await chooseBackup(context, wish.backup);
    const countedHere = await writesOfLive(context);
    const rpoSeconds = Math.max(0, Math.round(operation.clock.now() / 1000 - backup.at));
    return withUndo(operation, async () => {
      const source = { kind: 'backup', backup } as const;
      const prepared = await prepareRelease(context, { image, slot: 'blue', source, reuse: undefined, scratch: true });
      const writesMissing = await compare(context, prepared, countedHere);
      await runStep(operation, {
        name: 'destroy machine',
        detail: prepared.machine.tags.release,
        run: () => context.cloud.destroyInstance(prepared.machine.instance.id),
      });
      await writeProof(context, 'drill', prepared);
      return { backup, image: image.digest, rtoMs: Math.round(prepared.tookMs), rpoSeconds, writesMissing };
    });
  });
}

/** Machines of drills that were killed: only who holds the scope has one. */
async function clearLeftovers({ cloud, operation, settings }: Context): Promise<void> {
  const left = (await cloud.instances()).filter((one) => isDrill(one, settings.environment));
  for (const { id, label } of left) {
    await runStep(operation, {
      name: 'clear',
      detail: `${label}, left by an earlier drill`,
      run: () => cloud.destroyInstance(id),
    });
  }
}

async function chooseBackup({ backups }: Context, name: string | undefined): Promise<Backup> {
  const { backups: all } = await backups.list();
  const found = name === undefined ? all[0] : all.find((one) => one.name === name || one.id === name);
  if (found !== undefined) return found;
  throw new AnnyError('BACKUP_MISSING', {
    doing: 'looking for a backup to restore',
    found: name === undefined ? 'there is none' : `there is none of the name ${name}`,
    next: 'anny-bluegreen backup list shows what there is; backup now makes one',
  });
}

/** What the live app has counted; the drill needs no live machine. */
async function writesOfLive(context: Context): Promise<number | undefined> {
  const world = await observe(withoutLease(context));
  try {
    const situation = judge(world);
    return situation.kind === 'live' ? await writesAt(context, { address: situation.writer.address }) : undefined;
  } finally {
    await world.close();
  }
}

/** This drill's lease is no lease of the releases: their machines are only looked at. */
function withoutLease(context: Context): Context {
  return { ...context, operation: { ...context.operation, held: { lease: undefined } } };
}

async function compare(context: Context, { machine }: Prepared, live: number | undefined): Promise<number | null> {
  const pass = context.operation.clock.randomHex(16);
  await machine.box.pass(pass);
  const restored = await writesAt(context, { address: machine.address, pass });
  return live === undefined || restored === undefined ? null : Math.max(0, live - restored);
}

/** The number `writes` in an app's health, where it counts. */
async function writesAt(context: Context, gate: Parameters<typeof probeHealth>[1]): Promise<number | undefined> {
  const { body } = await probeHealth(context, gate);
  try {
    const { writes } = JSON.parse(body) as { writes?: unknown };
    return typeof writes === 'number' ? writes : undefined;
  } catch {
    return undefined;
  }
}
