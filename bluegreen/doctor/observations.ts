import { type Image, imagesIn } from '../../builder/catalog.ts';
import { inQuestion, PRUNE_DEFAULTS } from '../../builder/prune.ts';
import { BAKES } from '../../builder/sweep.ts';
import { type Whose, whoseAre } from '../../builder/whose.ts';
import type { Instance } from '../../cloud/cloud.ts';
import type { Settings } from '../../config/settings.ts';
import { type ListedClaim, listClaims } from '../../lease/list.ts';
import { AnnyError } from '../../operation/errors.ts';
import type { Backup, Backups, Proof } from '../backups.ts';
import type { Context } from '../context.ts';
import { isHealthy, probeHealth } from '../gates.ts';
import type { World } from '../observe.ts';
import type { ProbeAnswer } from '../probe.ts';
import { hostOf } from '../restic/repository.ts';
import { retireRules } from '../retire.ts';
import type { RetireRules } from '../retirement.ts';
import { judge, type Situation } from '../situation.ts';

/** All that a diagnosis is made from; nothing in it can be acted on. */
export interface Observations {
  readonly world: World;
  readonly situation: Situation;
  /** Everything in the account that is tagged "anny", whatever its kind and environment. */
  readonly tagged: readonly Instance[];
  readonly images: readonly Image[];
  /** Of those where it decides whether they may go. */
  readonly whose: Whose;
  readonly backups: {
    readonly configured: boolean;
    readonly offMachine: boolean;
    readonly files: readonly Backup[];
    readonly proof: Proof | undefined;
    /** Why they could not be listed; "" when they were. */
    readonly problem: string;
    readonly schedule: string;
  };
  /** What the writer's app said of itself, by HTTPS and name; undefined without a writer. */
  readonly health: ProbeAnswer | undefined;
  /** Who works on this environment, or was cut off. */
  readonly claims: readonly ListedClaim[];
  /** Who bakes, or was cut off at it. */
  readonly bakes: readonly ListedClaim[];
  readonly publicName: string;
  readonly environment: string;
  readonly apiUrl: string;
  readonly rules: RetireRules;
  /** The operator's clock. */
  readonly nowSeconds: number;
}

/** A single bad answer is a flake. */
const HEALTH_TRIES = 3;

/** Adds to what was observed what only a diagnosis needs. */
export async function examine(context: Context, world: World): Promise<Observations> {
  const { settings, cloud, backups, operation } = context;
  const situation = judge(world);
  const { clock } = operation;
  const [instances, images, kept, claims, health] = await Promise.all([
    cloud.instances(),
    imagesIn(cloud),
    listed(backups),
    listClaims({ cloud, clock, here: context.here }),
    situation.kind === 'live' ? askHealth(context, situation.writer.address) : undefined,
  ]);
  const tagged = instances.filter(({ tags }) => tags.includes('anny'));
  const nowSeconds = Math.round(clock.now() / 1000);
  const doubtful = inQuestion(images, tagged, { ...PRUNE_DEFAULTS, nowMs: nowSeconds * 1000 });
  return {
    ...{ world, situation, tagged, images },
    whose: await whoseAre(doubtful, context.vouching.environmentOf),
    backups: {
      ...{ configured: backups.configured, offMachine: isOffMachineOf(settings, backups), ...kept },
      schedule: settings.config.backup.schedule,
    },
    health,
    claims: claims.filter(({ scope }) => scope === settings.environment),
    bakes: claims.filter(({ scope }) => scope.startsWith(BAKES)),
    publicName: settings.publicName,
    environment: settings.environment,
    apiUrl: settings.config.infra.api_url,
    rules: retireRules(context),
    nowSeconds,
  };
}

/** A host of the public name's is the machine itself. */
function isOffMachineOf({ config, publicName }: Settings, { offMachine }: Backups): boolean {
  return offMachine && hostOf(config.backup.repository) !== publicName;
}

/** That they cannot be read is a finding, and keeps nobody from the others. */
async function listed(backups: Backups): Promise<Pick<Observations['backups'], 'files' | 'proof' | 'problem'>> {
  try {
    const { backups: files, proof } = await backups.list();
    return { files, proof, problem: '' };
  } catch (error) {
    if (!(error instanceof AnnyError)) throw error;
    return { files: [], proof: undefined, problem: `${error.found}; ${error.next}` };
  }
}

async function askHealth(context: Context, address: string): Promise<ProbeAnswer> {
  for (let tries = 1; ; tries += 1) {
    const answer = await probeHealth(context, { address });
    if (isHealthy(answer) || tries >= HEALTH_TRIES) return answer;
    await context.operation.clock.sleep(context.settings.config.deploy.health.interval);
  }
}
