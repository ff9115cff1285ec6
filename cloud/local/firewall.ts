import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AnnyError } from '../../operation/errors.ts';
import { lastLines, runCommand } from './host-command.ts';
import type { InboundRule } from './hypervisor.ts';

const rulesSchema = z.array(
  z.object({ protocol: z.enum(['tcp', 'udp', 'icmp', 'gre', 'esp', 'ah']), port: z.string(), source: z.string() }),
);

/** Rules by machine, on disk: a machine that starts again gets them again. */
export function firewallStore(directory: string) {
  const path = (id: string): string => join(directory, `${id}.json`);
  return {
    async read(id: string): Promise<readonly InboundRule[] | undefined> {
      const text = await readFile(path(id), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : rulesSchema.parse(JSON.parse(text));
    },
    async write(id: string, rules: readonly InboundRule[] | undefined): Promise<void> {
      if (rules === undefined) return this.forget(id);
      await mkdir(directory, { recursive: true });
      await writeFile(path(id), JSON.stringify(rules));
    },
    async forget(id: string): Promise<void> {
      await rm(path(id), { force: true });
    },
  };
}

const TABLE = 'anny_cloud';

/** Inside the machine's network namespace, in a table of its own: a packet must pass this and the machine's own firewall. */
export async function applyFirewall(pid: number, rules: readonly InboundRule[] | undefined): Promise<void> {
  const script = rules === undefined ? clearScript() : ruleset(rules);
  const result = await runCommand(
    'nsenter',
    ['--target', String(pid), '--net', 'sh', '-c', 'printf %s "$RULES" | nft -f -'],
    { timeoutMs: 10_000, env: { ...process.env, RULES: script } },
  );
  if (result.code === 0) return;
  throw new AnnyError('COMMAND_FAILED', {
    doing: "putting the cloud's firewall in front of a machine",
    found: lastLines(result.output),
    next: 'it needs root on this computer and nftables (apt-get install nftables)',
  });
}

function clearScript(): string {
  return `add table inet ${TABLE}\ndelete table inet ${TABLE}\n`;
}

/** An nft script; all of it applies or nothing does. */
export function ruleset(rules: readonly InboundRule[]): string {
  return [
    `add table inet ${TABLE}`,
    `delete table inet ${TABLE}`,
    `table inet ${TABLE} {`,
    '  chain input {',
    '    type filter hook input priority -10; policy drop;',
    '    ct state established,related accept',
    '    iif lo accept',
    ...rules.map((rule) => `    ${line(rule)}`),
    '  }',
    '}',
    '',
  ].join('\n');
}

function line({ protocol, port, source }: InboundRule): string {
  const family = source.includes(':') ? 'ip6' : 'ip';
  const from = `${family} saddr ${source}`;
  if (protocol === 'tcp' || protocol === 'udp') return `${from} ${protocol} dport ${port.replace(':', '-')} accept`;
  return `${from} meta l4proto ${protocol} accept`;
}
