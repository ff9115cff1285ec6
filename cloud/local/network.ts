import type Docker from 'dockerode';
import { AnnyError } from '../../operation/errors.ts';
import { bridgeName, type CloudPlace, LABEL_CLOUD, networkName } from './place.ts';

/** The bridge of a cloud: the host is its gateway. */
export async function ensureNetwork(engine: Docker, place: CloudPlace): Promise<void> {
  const name = networkName(place);
  const known = await engine.listNetworks({ filters: { name: [name] } });
  const same = known.find((one) => one.Name === name);
  if (same !== undefined) return sameOrRefuse(same, place);
  try {
    await engine.createNetwork({
      Name: name,
      Driver: 'bridge',
      IPAM: { Driver: 'default', Config: [{ Subnet: place.subnet, Gateway: place.gateway }] },
      Labels: { [LABEL_CLOUD]: place.name },
      Options: { 'com.docker.network.bridge.name': bridgeName(place) },
    });
  } catch (cause) {
    throw new AnnyError('PORT_TAKEN', {
      doing: `making the network ${name}`,
      found: cause instanceof Error ? cause.message : String(cause),
      next: `${place.subnet} is in use on this computer: choose another with --subnet 10.79.0.0/24, or end what uses it`,
      cause,
    });
  }
}

function sameOrRefuse(network: Docker.NetworkInspectInfo, place: CloudPlace): void {
  const subnet = network.IPAM?.Config?.[0]?.Subnet;
  if (subnet === place.subnet) return;
  throw new AnnyError('CLOUD_LEFTOVER', {
    doing: `looking at the network ${networkName(place)}`,
    found: `an older cloud left it with ${subnet ?? 'another subnet'}, not ${place.subnet}`,
    next: `anny-cloud reset, or anny-cloud up --subnet ${subnet ?? place.subnet}`,
  });
}
