import { createServer } from 'node:http';
import { AnnyError } from '../../operation/errors.ts';
import type { ReservedIp, State, StoredInstance } from './api/store.ts';
import { lastLines, runCommand } from './host-command.ts';
import { bridgeName, type CloudPlace } from './place.ts';

/** Where a machine asks the platform about itself, at Vultr as well (https://www.vultr.com/metadata/). */
const METADATA_ADDRESS = '169.254.169.254';

export interface RunningMetadata {
  close(): Promise<void>;
}

/** `GET /v1.json`, to each machine about itself: who asks is known by the address that it asks from. */
export async function startMetadata(place: CloudPlace, state: () => State): Promise<RunningMetadata> {
  const server = createServer((request, response) => {
    const from = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
    const told = request.url === '/v1.json' ? metadataOf(state(), from) : undefined;
    response.writeHead(told === undefined ? 404 : 200, { 'content-type': 'application/json', connection: 'close' });
    response.end(told === undefined ? '' : JSON.stringify(told));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(place.metadataPort, place.gateway, resolve);
  });
  await applyRules(place, metadataRules(place));
  return {
    close: async () => {
      await applyRules(place, `add table ip ${tableOf(place)}\ndelete table ip ${tableOf(place)}\n`).catch(
        () => undefined,
      );
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Known {
  readonly instances: readonly Pick<StoredInstance, 'id' | 'hostname' | 'region' | 'main_ip'>[];
  readonly reservedIps: readonly Pick<ReservedIp, 'subnet' | 'instance_id'>[];
}

/** As far as Anny reads it, in Vultr's words. */
export function metadataOf({ instances, reservedIps }: Known, address: string) {
  const instance = instances.find(({ main_ip }) => main_ip === address);
  if (instance === undefined) return undefined;
  const additional = reservedIps
    .filter(({ instance_id, subnet }) => instance_id === instance.id && subnet !== address)
    .map(({ subnet }) => ({ address: subnet, netmask: '255.255.255.255' }));
  const ipv4 = { additional, address, gateway: address.replace(/\.\d+$/, '.1'), netmask: '255.255.255.0' };
  return {
    hostname: instance.hostname,
    'instance-v2-id': instance.id,
    interfaces: [{ ipv4, 'network-type': 'public' }],
    region: { regioncode: instance.region.toUpperCase() },
  };
}

function tableOf(place: CloudPlace): string {
  return `anny_host_${bridgeName(place).replaceAll('-', '_')}`;
}

/** The host is the gateway; it also must not tell machines of a shorter way to a reserved address, which Vultr's router does not. */
function metadataRules(place: CloudPlace): string {
  const table = tableOf(place);
  return [
    `add table ip ${table}`,
    `delete table ip ${table}`,
    `table ip ${table} {`,
    '  chain prerouting {',
    '    type nat hook prerouting priority -110;',
    `    iifname "${bridgeName(place)}" ip daddr ${METADATA_ADDRESS} tcp dport 80 redirect to :${place.metadataPort}`,
    '  }',
    '  chain output {',
    '    type filter hook output priority 0;',
    `    oifname "${bridgeName(place)}" icmp type redirect drop`,
    '  }',
    '}',
    '',
  ].join('\n');
}

async function applyRules(place: CloudPlace, script: string): Promise<void> {
  const result = await runCommand('sh', ['-c', 'printf %s "$RULES" | nft -f -'], {
    timeoutMs: 10_000,
    env: { ...process.env, RULES: script },
  });
  if (result.code === 0) return;
  throw new AnnyError('COMMAND_FAILED', {
    doing: `letting the machines of ${place.name} ask about themselves`,
    found: lastLines(result.output),
    next: 'it needs root on this computer and nftables (apt-get install nftables)',
  });
}
