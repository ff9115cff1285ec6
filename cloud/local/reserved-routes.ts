import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AnnyError } from '../../operation/errors.ts';
import { lastLines, runCommand } from './host-command.ts';
import { bridgeName, type CloudPlace } from './place.ts';

/** Further addresses by machine, on disk: a machine that starts again is led to by them again. */
export function furtherAddressStore(directory: string) {
  const path = (id: string): string => join(directory, `${id}.json`);
  return {
    async read(id: string): Promise<readonly string[]> {
      const text = await readFile(path(id), 'utf8').catch(() => '[]');
      return z.array(z.ipv4()).parse(JSON.parse(text));
    },
    async write(id: string, addresses: readonly string[]): Promise<void> {
      if (addresses.length === 0) return rm(path(id), { force: true });
      await mkdir(directory, { recursive: true });
      await writeFile(path(id), JSON.stringify(addresses));
    },
  };
}

const RESERVED_HOSTS = [1, 2, 3, 4];

/** Beside the machines' own network, as at Vultr: machines reach them through the gateway too, and none asks its neighbours for them. */
export function reservedAddresses({ subnet }: Pick<CloudPlace, 'subnet'>): readonly string[] {
  const [first = '10', second = '77', third = '0'] = subnet.split('.');
  const beside = (Number(third) + 128) % 256;
  return RESERVED_HOSTS.map((host) => `${first}.${second}.${beside}.${host}`);
}

const NOBODY = '02:00:00:00:00:00';

/** One route for one address, replaced in one step. The machine itself must have it configured, as at Vultr. */
export async function leadTo(place: CloudPlace, address: string, machine: string): Promise<void> {
  await ip(['route', 'replace', `${address}/32`, 'via', machine, 'dev', bridgeName(place)]);
}

/** Packets get lost on the way: nobody is told that there is nobody. */
export async function leadNowhere(place: CloudPlace, address: string): Promise<void> {
  const dev = ['dev', bridgeName(place)];
  await ip(['neighbour', 'replace', address, 'lladdr', NOBODY, 'nud', 'permanent', ...dev]);
  await ip(['route', 'replace', `${address}/32`, ...dev]);
}

async function ip(words: readonly string[]): Promise<void> {
  const result = await runCommand('ip', words, { timeoutMs: 10_000 });
  if (result.code === 0) return;
  throw new AnnyError('COMMAND_FAILED', {
    doing: 'routing a reserved address',
    found: `ip ${words.join(' ')}: ${lastLines(result.output)}`,
    next: 'it needs root on this computer and iproute2 (apt-get install iproute2)',
  });
}
