import type { Context } from '../../bluegreen/context.ts';
import { configSchema } from '../../config/schema.ts';
import type { Settings } from '../../config/settings.ts';
import { permitOf, steadyMachines } from '../../machine/steady.ts';
import { silentReport } from '../../operation/silent-report.ts';
import type { Held, Operation, Proof } from '../../operation/step.ts';
import { cloudPort } from './account.ts';
import { machinesPort } from './connection.ts';
import { ENVIRONMENT, STANDBY_SECONDS, TTL_SECONDS } from './invariants.ts';
import type { Operator } from './operator.ts';
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
import type { World } from './world.ts';
import { DOMAIN, PUBLIC_NAME, SUBDOMAIN } from './zone.ts';

const config = configSchema.parse({
  infra: { parent_domain: DOMAIN, subdomain: SUBDOMAIN, public_resolvers: [] },
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

const byRecord: Settings = {
  environment: ENVIRONMENT,
  config,
  directory: '/nowhere',
  publicName: PUBLIC_NAME,
  secret: () => undefined,
  secretValues: () => new Map(),
};

const byReservedIp: Settings = {
  ...byRecord,
  config: { ...config, deploy: { ...config.deploy, switch: 'reserved_ip' } },
};

/** A command of anny-bluegreen on somebody's computer. */
export function open(world: World, caller: Operator, command: string, onTurn: () => void = () => undefined): Context {
  const clock = clockPort(world, caller);
  const settings = world.byReservedIp ? byReservedIp : byRecord;
  const operation: Operation = {
    id: world.random.hex(6),
    command,
    clock,
    journal: journalPort(world, caller),
    report: silentReport,
    undos: [],
    warnings: [],
    held: heldBy(onTurn),
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
    machines: steadyMachines(machinesPort(world, caller), clock, permitOf(operation)),
    nameServers: nameServersPort(world, caller),
    probe: probePort(world, caller),
    backups: backupsPort(world, caller),
    smoke: smokePort(world, caller),
    hooks: hooksPort(world, caller),
    vouching: {
      vouch: async () => ({ kind: 'signed', by: 'ops', environment: settings.environment }),
      environmentOf: async () => settings.environment,
    },
  };
}

/** Tells when the command has its turn. */
function heldBy(onTurn: () => void): Held {
  let lease: Proof | undefined;
  return {
    get lease() {
      return lease;
    },
    set lease(now) {
      lease = now;
      if (now !== undefined) onTurn();
    },
  };
}
