import { rm } from 'node:fs/promises';
import Docker from 'dockerode';
import { AnnyError } from '../../operation/errors.ts';
import { endRecorded } from '../../operation/recorded-process.ts';
import { answers, type Surroundings, stopEngine } from './engine.ts';
import { LABEL_CLOUD, networkName, placeFiles } from './place.ts';

export interface CloudDown {
  readonly wasRunning: boolean;
  readonly machinesStopped: number;
  readonly engineStopped: boolean;
}

/** Stops machines and servers, and the engine if this cloud started it. What is on their disks stays. */
export async function takeDown(surroundings: Surroundings): Promise<CloudDown> {
  const { place, clock } = surroundings;
  const wasRunning = await endRecorded(placeFiles(place).daemonPid, clock);
  const engine = new Docker();
  const up = await answers(engine);
  const stopped = up ? await stopMachines(engine, place.name) : 0;
  const engineStopped = await stopUnusedEngine(surroundings, engine);
  return { wasRunning, machinesStopped: stopped, engineStopped };
}

/** Only the engine that this cloud started, and not while somebody else's containers run on it. */
async function stopUnusedEngine(surroundings: Surroundings, engine: Docker): Promise<boolean> {
  const others = (await answers(engine)) ? (await engine.listContainers()).length : 0;
  return others === 0 && stopEngine(surroundings);
}

async function stopMachines(engine: Docker, name: string): Promise<number> {
  const running = await engine.listContainers({ filters: { label: [`${LABEL_CLOUD}=${name}`] } });
  await Promise.all(running.map(({ Id }) => engine.getContainer(Id).kill()));
  return running.length;
}

/** Removes everything of this cloud: machines, snapshots, network, account. Only the stock images stay, as a cache. */
export async function reset(surroundings: Surroundings): Promise<void> {
  const { place, clock } = surroundings;
  await endRecorded(placeFiles(place).daemonPid, clock);
  const engine = new Docker();
  if (await answers(engine)) await removeAll(engine, place.name, networkName(place));
  await stopUnusedEngine(surroundings, engine);
  await rm(place.stateDir, { recursive: true, force: true });
}

async function removeAll(engine: Docker, name: string, network: string): Promise<void> {
  const mine = { label: [`${LABEL_CLOUD}=${name}`] };
  const containers = await engine.listContainers({ all: true, filters: mine });
  await Promise.all(containers.map(({ Id }) => engine.getContainer(Id).remove({ force: true, v: true })));
  const { Volumes } = await engine.listVolumes({ filters: mine });
  await Promise.all(Volumes.map(({ Name }) => engine.getVolume(Name).remove({ force: true })));
  await removeSnapshots(engine, name);
  const networks = await engine.listNetworks({ filters: { ...mine, name: [network] } });
  await Promise.all(networks.map(({ Id }) => engine.getNetwork(Id).remove()));
}

/**
 * Snapshots of machines from snapshots stand on one another, and the lowest goes last. One that was deleted while a machine stood on it has
 * no name any more: only the label that it has from its machine tells whose it is.
 */
async function removeSnapshots(engine: Docker, name: string): Promise<void> {
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const images = await engine.listImages({ all: true, filters: { label: [`${LABEL_CLOUD}=${name}`] } });
    if (images.length === 0) return;
    if (images.length >= before) throw usedByOthers(name, images.length);
    before = images.length;
    for (const { Id } of images) await engine.getImage(Id).remove({ force: true }).catch(ignoreUsed);
  }
}

/** By another image that stands on it, or one that is gone with one of those. */
function ignoreUsed(error: { statusCode?: number }): void {
  if (error.statusCode !== 409 && error.statusCode !== 404) throw error;
}

function usedByOthers(name: string, count: number): AnnyError {
  return new AnnyError('CLOUD_LEFTOVER', {
    doing: `removing the snapshots of ${name}`,
    found: `${count} are used by containers or images that are none of this cloud`,
    next: `docker ps -a and docker images -a --filter label=${LABEL_CLOUD}=${name} show them; remove those, then run anny-cloud reset again`,
  });
}
