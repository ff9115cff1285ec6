import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AnnyError } from '../../operation/errors.ts';
import { lastLines, runCommand } from './host-command.ts';

/** Further addresses by machine, on disk: a machine that starts again gets them again. */
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

const DEVICE = 'eth0';
const SINGLE_ADDRESS = 32;
const interfaces = z.array(z.object({ addr_info: z.array(z.object({ local: z.ipv4(), prefixlen: z.int() })) }));

/** Inside the machine's network namespace: exactly these, beside the address that the engine gave. */
export async function applyFurtherAddresses(pid: number, addresses: readonly string[]): Promise<void> {
  const known = interfaces
    .parse(JSON.parse(await inside(pid, ['ip', '-json', '-4', 'address', 'show', 'dev', DEVICE])))
    .flatMap(({ addr_info }) => addr_info)
    .filter(({ prefixlen }) => prefixlen === SINGLE_ADDRESS)
    .map(({ local }) => local);
  for (const address of known.filter((one) => !addresses.includes(one))) {
    await inside(pid, ['ip', 'address', 'delete', `${address}/${SINGLE_ADDRESS}`, 'dev', DEVICE]);
  }
  for (const address of addresses.filter((one) => !known.includes(one))) {
    await inside(pid, ['ip', 'address', 'replace', `${address}/${SINGLE_ADDRESS}`, 'dev', DEVICE]);
    // Neighbours still know the machine that had it before; one announcement teaches them.
    await inside(pid, ['arping', '-U', '-q', '-c', '1', '-I', DEVICE, address]);
  }
}

async function inside(pid: number, command: readonly string[]): Promise<string> {
  const result = await runCommand('nsenter', ['--target', String(pid), '--net', ...command], { timeoutMs: 10_000 });
  if (result.code === 0) return result.output;
  throw new AnnyError('COMMAND_FAILED', {
    doing: "changing a machine's addresses",
    found: `${command.join(' ')}: ${lastLines(result.output)}`,
    next: 'it needs root on this computer, iproute2 and arping (apt-get install iproute2 iputils-arping)',
  });
}
