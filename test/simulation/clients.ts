import type { Machine, Memory } from './box/machine.ts';
import { fails, tookMs } from './box/traffic.ts';
import { checkNothingLost } from './invariants.ts';
import { decide, deliver } from './traffic.ts';
import type { World } from './world.ts';
import { add } from './writes.ts';

const CLIENTS = 3;

/** Clients write through the name for as long as the story lasts; some of their resolvers stretch every TTL. */
export function startClients(world: World): void {
  for (let index = 0; index < CLIENTS; index += 1) {
    const stretch = world.random.pick([1, 1, 5, 30]);
    client(world, resolver(world, stretch));
  }
  listener(world, resolver(world, world.random.pick([1, 5])));
}

function client(world: World, resolve: () => string | undefined): void {
  const { timeline, random, ledger } = world;
  const again = (): void => timeline.after(pauseOf(world), send);
  const send = (): void => {
    const address = resolve();
    if (address === undefined) {
      again();
      return;
    }
    ledger.sent += 1;
    const write = ledger.sent;
    const lost = (): void => {
      ledger.failed += 1;
      again();
    };
    deliver(world, address, {
      since: timeline.now(),
      from: 'client',
      lost,
      arrive: (machine) => {
        const { task: life, answered, temper } = machine;
        const took = tookMs(temper, random);
        const failed = fails(temper) || !accept(world, machine, write);
        timeline.after(took, () => {
          if (life.alive) answered.push({ at: timeline.now(), failed, tookMs: took });
          if (failed || !life.alive) return lost();
          add(ledger.promised, write);
          ledger.promisedAt[write] = timeline.now();
          again();
        });
        return !failed;
      },
    });
  };
  again();
}

const LONG_MS = [20_000, 900_000] as const;
const TICK_MS = 5_000;

/** Somebody whose requests last for minutes, as a WebSocket does: a relay that passes one on must not go. */
function listener(world: World, resolve: () => string | undefined): void {
  const { timeline, random } = world;
  const open = (): void => {
    const address = resolve();
    const { kind, at, through } = address === undefined ? NOWHERE : decide(world, address, 'client');
    if (kind === 'app' && at !== undefined) stay([at, ...through].map(({ memory }) => memory));
    else timeline.after(TICK_MS, open);
  };
  const stay = (way: readonly Memory[]): void => {
    const until = timeline.now() + random.int(...LONG_MS);
    for (const memory of way) memory.open += 1;
    const look = (): void => {
      // An app that stops closes it, and so does a machine that goes away.
      const lasts = timeline.now() < until && way[0]?.appRunning === true && way.every(({ up }) => up);
      if (lasts) {
        timeline.after(TICK_MS, look);
        return;
      }
      for (const memory of way) memory.open -= 1;
      timeline.after(random.int(0, TICK_MS), open);
    };
    look();
  };
  timeline.after(TICK_MS, open);
}

const NOWHERE = { kind: 'none', at: undefined, through: [] } as const;

/** The app writes it down; only then may it be answered. */
function accept(world: World, machine: Machine, write: number): boolean {
  if (world.timeline.now() < machine.fullUntil) return false;
  if (world.ledger.acceptedBy !== machine.address) checkNothingLost(world, machine);
  world.ledger.acceptedBy = machine.address;
  add(machine.disk.state, write);
  return true;
}

/** A watch's probes are not told, and its clients are what it goes by. */
const QUIET_MS = 10_000;

/** Often while something happens; where hours pass, now and then. */
function pauseOf({ random, timeline, toldAt }: World): number {
  return timeline.now() - toldAt < QUIET_MS ? random.int(200, 2_000) : random.int(2_000, 12_000);
}

/** @param stretch How many TTLs it keeps what it was told. */
function resolver(world: World, stretch: number): () => string | undefined {
  const { timeline, random, zone } = world;
  let address: string | undefined;
  let until = 0;
  const known = { address: '', until: 0 };
  if (stretch === 1) world.resolvers.push(known);
  return () => {
    if (timeline.now() < until && address !== undefined) return address;
    address = zone.answer(random.int(0, 1));
    until = timeline.now() + zone.ttlSeconds() * 1_000 * stretch;
    // What a name server has not heard of yet nobody can know to be old.
    const isCurrent = address === zone.records().find(({ type }) => type === 'A')?.data;
    Object.assign(known, isCurrent ? { address, until } : { address: '', until: 0 });
    return address;
  };
}
