import type { Context } from '../../bluegreen/context.ts';
import { configSchema } from '../../config/schema.ts';
import type { Settings } from '../../config/settings.ts';
import { steadyMachines } from '../../machine/steady.ts';
import { AnnyError, type ErrorCode } from '../../operation/errors.ts';
import { silentReport } from '../../operation/silent-report.ts';
import type { Operation } from '../../operation/step.ts';
import { cloudPort } from './account.ts';
import type { Machine } from './box/machine.ts';
import { type Announce, type Command, look, run } from './commands.ts';
import { machinesPort } from './connection.ts';
import {
  checkAgreed,
  checkNewestChosen,
  checkNothingLost,
  couldGoOn,
  ENVIRONMENT,
  isDown,
  STANDBY_SECONDS,
  serves,
  TTL_SECONDS,
  Violation,
  type Watch,
} from './invariants.ts';
import { HERE, type Incident, type Operator, operator } from './operator.ts';
import {
  backupsPort,
  clockPort,
  herePort,
  hooksPort,
  journalPort,
  nameServersPort,
  probePort,
  smokePort,
} from './other-ports.ts';
import { acceptors, decide } from './traffic.ts';
import type { World } from './world.ts';
import { DOMAIN, PUBLIC_NAME, SUBDOMAIN } from './zone.ts';

/** What is said is rounded to whole seconds, by three clocks. */
const ROUNDED_MS = 3_000;

const config = configSchema.parse({
  infra: { parent_domain: DOMAIN, subdomain: SUBDOMAIN },
  app: { secrets: [] },
  deploy: {
    boot_timeout: '5m',
    watch: '5s',
    watch_requests: 4,
    ttl: `${TTL_SECONDS}s`,
    standby_window: `${STANDBY_SECONDS}s`,
    health: { wait: '20s' },
  },
});

const LOCK_WAIT_MS = 45_000;

const settings: Settings = {
  environment: ENVIRONMENT,
  config,
  directory: '/nowhere',
  publicName: PUBLIC_NAME,
  secret: () => undefined,
  secretValues: () => new Map(),
};

function open(world: World, caller: Operator, command: string): Context {
  const clock = clockPort(world, caller);
  const operation: Operation = {
    id: world.random.hex(6),
    command,
    clock,
    journal: journalPort(world, caller),
    report: silentReport,
    undos: [],
    warnings: [],
    held: { lease: undefined },
    interrupt: caller.interrupt.signal,
    forward: false,
  };
  caller.token = () => operation.held.lease?.token;
  return {
    settings,
    operation,
    here: herePort(world, caller),
    lock: { waitMs: LOCK_WAIT_MS, reason: '' },
    cloud: cloudPort(world, caller, clock),
    machines: steadyMachines(machinesPort(world, caller), clock),
    nameServers: nameServersPort(world, caller),
    probe: probePort(world, caller),
    backups: backupsPort(world, caller),
    smoke: smokePort(world, caller),
    hooks: hooksPort(world, caller),
  };
}

export type Ending =
  | { readonly kind: 'killed' }
  | { readonly kind: 'success'; readonly release: string | undefined }
  | { readonly kind: 'failure'; readonly exitCode: number; readonly code: ErrorCode };

/** Runs one command to its end, or to where it is killed, and holds it to what its exit code says. */
export async function perform(
  world: World,
  watch: Watch,
  command: Command,
  incidents: readonly Incident[] = [],
  computer = HERE,
): Promise<Ending> {
  world.tell(`$ ${Object.values(command).join(' ')}`);
  const caller = operator(world.random.hex(4), incidents, computer);
  const [before] = acceptors(world);
  const bootId = before?.memory.bootId;
  world.forced = command.kind === 'retire' && command.force ? command.release : undefined;
  const askedAt = world.timeline.now();
  const asked = world.machines
    .filter((one) => couldGoOn(one, askedAt))
    .map((machine) => ({ machine, life: machine.task }));
  const wasLed = before !== undefined && leadsTo(world, before);
  const announce: Announce = (plan) => {
    world.tell(`  plan: ${plan.action}`);
    checkAgreed(
      asked.filter(({ life }) => life.alive).map(({ machine }) => machine),
      command,
      plan,
    );
    if (plan.action === 'fall-back' && !('to' in command)) checkNewestChosen(world, plan.to.address, askedAt);
    if (!('lostSeconds' in plan)) return;
    const since = world.timeline.now() - plan.lostSeconds * 1_000 - ROUNDED_MS - world.jumpedMs;
    world.ledger.mayLoseAfter = Math.min(since, world.ledger.mayLoseAfter ?? since);
  };
  const ending = await ended(world, watch, caller, () => run(open(world, caller, command.kind), command, announce));
  world.living.delete(caller.process);
  world.tell(`= ${ending.kind === 'failure' ? `exit ${ending.exitCode} ${ending.code}` : ending.kind}`);
  if (ending.kind === 'success') checkSuccess(world, ending.release);
  if (ending.kind === 'failure' && before !== undefined && before.memory.bootId === bootId) {
    const heldByAnother = before.memory.holdUntil > 0 && !caller.calls.has('box.hold');
    const relay = world.machineAt(before.disk.takeoverFrom);
    const cutOff = relay !== undefined && !relay.memory.up;
    if (!heldByAnother && !cutOff) checkFailure(world, ending, before, wasLed);
  }
  return ending;
}

async function ended(
  world: World,
  watch: Watch,
  caller: Operator,
  begin: () => Promise<string | undefined>,
): Promise<Ending> {
  let ending: Ending | undefined;
  let bug: unknown;
  caller.killed = () => {
    ending = { kind: 'killed' };
  };
  begin().then(
    (release) => {
      ending = { kind: 'success', release };
    },
    (error: unknown) => {
      if (error instanceof AnnyError) ending = { kind: 'failure', exitCode: error.exitCode, code: error.code };
      else bug = error;
      if (error instanceof AnnyError) world.tell(`  ${error.code} ${error.message}`);
    },
  );
  await world.timeline.run(() => ending !== undefined || bug !== undefined, watch.check);
  if (ending !== undefined) return ending;
  throw bug;
}

/** Success: the wanted release is the writer, and the name servers agree. */
function checkSuccess(world: World, release: string | undefined): void {
  if (release === undefined) return;
  const writer = world.machines.find(({ disk }) => disk.release === release && disk.role === 'writer');
  if (writer === undefined) throw new Violation(`success, but ${release} is not the writer`);
  const elsewhere = [0, 1].filter((server) => world.zone.answer(server) !== writer.address);
  if (elsewhere.length > 0) throw new Violation(`success, but name server ${elsewhere} leads elsewhere`);
  if (writer.memory.up && !acceptors(world).includes(writer))
    throw new Violation(`success, but ${release} serves nobody`);
  checkNothingLost(world, writer);
  world.ledger.mayLoseAfter = undefined;
}

const STILL_SERVES = [1, 3, 4, 130];

/** All exit codes but "left unfinished" promise that what served before still serves. */
function checkFailure(
  world: World,
  { exitCode, code }: { exitCode: number; code: string },
  before: Machine,
  wasLed: boolean,
): void {
  if (!STILL_SERVES.includes(exitCode) || !before.memory.up) return;
  const [now] = acceptors(world);
  if (now !== before) {
    throw new Violation(`exit ${exitCode} (${code}), but ${before.address} does not serve any more: ${now?.address}`);
  }
  if (wasLed && !leadsTo(world, before))
    throw new Violation(`exit ${exitCode} (${code}), but the name leads elsewhere`);
}

/** Does the name lead to it, directly or through relays? One on the way that is down meanwhile does not count. */
function leadsTo(world: World, machine: Machine): boolean {
  const record = world.zone.records().find(({ type }) => type === 'A');
  if (record === undefined) return false;
  const led = decide(world, record.data, 'client');
  return (serves(led) && led.at === machine) || isDown(world, record.data, led);
}

export async function lookAround(world: World, watch: Watch) {
  const caller = operator(world.random.hex(4), []);
  let seen: Awaited<ReturnType<typeof look>> | undefined;
  let failed: unknown;
  look(open(world, caller, 'status')).then(
    (view) => {
      seen = view;
    },
    (error: unknown) => {
      failed = error;
    },
  );
  await world.timeline.run(() => seen !== undefined || failed !== undefined, watch.check);
  if (seen === undefined) throw failed;
  return seen;
}
