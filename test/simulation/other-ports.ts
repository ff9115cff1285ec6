import { type Backup, type Backups, type Kept, newestFirst } from '../../bluegreen/backups.ts';
import type { Hooks } from '../../bluegreen/hooks.ts';
import type { NameServers } from '../../bluegreen/name-servers.ts';
import type { Probe } from '../../bluegreen/probe.ts';
import type { Smoke } from '../../bluegreen/smoke.ts';
import type { Clock } from '../../operation/clock.ts';
import type { Here } from '../../operation/here.ts';
import type { Journal } from '../../operation/journal.ts';
import { call, callHere, fault, type Happening, type Operator, timeOf } from './operator.ts';
import { healthAt } from './traffic.ts';
import type { World } from './world.ts';
import { SERVERS } from './zone.ts';

export function clockPort(world: World, operator: Operator): Clock {
  return {
    now: () => timeOf(world, operator),
    uptime: () => world.timeline.now(),
    sleep: (ms, stop) => callHere(world, operator, 'clock.sleep', () => slept(world, operator, ms, stop)),
    randomHex: (bytes) => world.random.hex(bytes),
  };
}

/** Until the time is over, or somebody says that it is enough. */
function slept({ timeline }: World, { task }: Operator, ms: number, stop: AbortSignal | undefined): Promise<void> {
  const over = timeline.sleep(task, ms);
  if (stop === undefined) return over;
  return new Promise((resolve) => {
    const enough = (): void => resolve();
    if (stop.aborted) return enough();
    stop.addEventListener('abort', enough, { once: true });
    void over.then(() => {
      stop.removeEventListener('abort', enough);
      resolve();
    });
  });
}

/** A process on the operator's computer; another one of the same computer can tell that it has ended. */
export function herePort(world: World, { computer, process }: Operator): Here {
  world.living.add(process);
  return {
    user: 'ops',
    host: computer,
    process: { pid: 1, startedAt: process, home: computer },
    isGone: async (mark) => mark.home === computer && !world.living.has(mark.startedAt),
  };
}

/** Each computer has its own: a command that goes on elsewhere has the world alone. */
export function journalPort(world: World, operator: Operator): Journal {
  const entries = world.journalOf(operator.computer);
  return {
    append: (entry) =>
      callHere(world, operator, 'journal.append', async () => {
        const { event, step, data } = entry;
        entries.push(entry);
        if (event !== 'intent') world.tell(`  ${step}: ${event} ${data?.reason ?? data?.summary ?? ''}`);
      }),
    entries: async () => entries,
  };
}

export function nameServersPort(world: World, operator: Operator): NameServers {
  return {
    addressesOf: () =>
      call(world, operator, 'names.addressesOf', async (what) =>
        SERVERS.map((server, index) => {
          if (world.zone.unfound.has(index)) {
            return { server, addresses: [], problem: 'its address cannot be found', unfound: true };
          }
          const address = world.zone.answer(index);
          if (what !== undefined && index === 0) return { server, addresses: [], problem: 'no answer' };
          return { server, addresses: address === undefined ? [] : [address] };
        }),
      ),
    resolversOf: async () => [],
  };
}

export function probePort(world: World, operator: Operator): Probe {
  return {
    get: ({ address, pass = '', timeoutMs }) =>
      call(world, operator, 'probe.get', async (what) => {
        const tookMs = world.random.int(2, 90);
        await world.timeline.sleep(operator.task, tookMs);
        if (what !== undefined) {
          return { status: 0, body: '', tookMs: 1, problem: 'no way to it from here', code: 'ENETUNREACH' };
        }
        if (world.random.chance(world.flakes)) {
          return { status: 0, body: '', tookMs: timeoutMs, problem: 'no answer in time' };
        }
        if (world.machineAt(address)?.disk.issuedUntil === 0) {
          return { status: 0, body: '', tookMs, problem: 'the certificate is not trusted' };
        }
        return { body: '', tookMs, ...healthAt(world, address, pass) };
      }),
  };
}

export function smokePort(world: World, operator: Operator): Smoke {
  return {
    script: world.smoke ? 'smoke.sh' : undefined,
    run: () => call(world, operator, 'smoke.run', async (what) => ({ ok: what === undefined, output: 'simulated' })),
  };
}

/** The operator's own programs: most of them end well. */
export function hooksPort(world: World, operator: Operator): Hooks {
  return {
    pathOf: (event) => (world.hooks ? `hooks/${event}` : undefined),
    run: ({ event, stop }) =>
      call(world, operator, `hook.${event}`, async (what) => {
        await world.timeline.sleep(operator.task, world.random.int(5, 2_000));
        const stopped = stop?.aborted === true;
        return { ok: what === undefined && !stopped, stopped, output: 'simulated' };
      }),
  };
}

export function backupsPort(world: World, operator: Operator): Backups {
  const list = async (what: Happening | undefined): Promise<Kept> => {
    if (what === 'refused') throw fault('BACKUP_UNREADABLE', 'listing the backups', 'the repository does not answer');
    return { backups: newestFirst(world.store), proof: world.proofs.at(-1) };
  };
  const whole = async ({ name, id }: Backup): Promise<void> => {
    if (world.rotten.has(id)) throw fault('BACKUP_CORRUPT', `reading backup ${name}`, 'it has changed');
  };
  return {
    configured: world.backups,
    offMachine: true,
    list: () => call(world, operator, 'backups.list', list),
    verify: (backup) => call(world, operator, 'backups.verify', () => whole(backup)),
    write: (backup) => call(world, operator, 'backups.write', () => whole(backup)),
    prove: (proof) =>
      call(world, operator, 'backups.prove', async (what) => {
        if (what === 'refused') throw fault('BACKUP_UNREADABLE', 'proving', 'the repository does not answer');
        world.proofs.push(proof);
      }),
  };
}
