import { z } from 'zod';
import { firewallGroupAnswer, recordAnswer, sshKeyAnswer } from '../account/answers.ts';
import type { Api } from '../account/call.ts';
import { listAll } from '../account/list.ts';
import { ANYWHERE, type Declared, type Kind } from './declared.ts';

export interface Found {
  readonly one: Declared;
  /** As the provider imports it. */
  readonly id: string;
}

/** What of the declared the account has already. Of two with one name it is the first, as it is for the release commands. */
export async function findDeclared(api: Api, declared: readonly Declared[]): Promise<readonly Found[]> {
  const account = await readAccount(api, declared);
  return declared.flatMap((one) => {
    const id = idOf(account, one);
    return id === undefined ? [] : [{ one, id }];
  });
}

const domainAnswer = z.object({ domain: z.string() });
const ruleAnswer = z.object({
  id: z.int(),
  ip_type: z.string(),
  protocol: z.string(),
  port: z.string(),
  subnet: z.string(),
  subnet_size: z.int(),
  source: z.string().default(''),
});
const labelledAnswer = z.object({ id: z.string(), label: z.string().default(''), region: z.string() });
const vpcAnswer = z.object({ id: z.string(), description: z.string().default(''), region: z.string() });

type Account = Awaited<ReturnType<typeof readAccount>>;

/** Only the lists that something declared may be in. */
async function readAccount(api: Api, declared: readonly Declared[]) {
  const list = async <T>(kind: Kind, path: string, key: string, item: z.ZodType<T>): Promise<readonly T[]> =>
    declared.some((one) => one.kind === kind) ? listAll(api, path, key, item) : [];
  const groups = await list('firewall-group', '/firewalls', 'firewall_groups', firewallGroupAnswer);
  const group = groups.find(({ description }) =>
    declared.some((one) => one.kind === 'firewall-group' && one.description === description),
  )?.id;
  const domains = await list('domain', '/domains', 'domains', domainAnswer);
  const domain = domains.find((known) =>
    declared.some((one) => one.kind === 'domain' && one.domain === known.domain),
  )?.domain;
  return {
    sshKeys: await list('ssh-key', '/ssh-keys', 'ssh_keys', sshKeyAnswer),
    group,
    rules:
      group === undefined ? [] : await list('firewall-rule', `/firewalls/${group}/rules`, 'firewall_rules', ruleAnswer),
    domain,
    records: domain === undefined ? [] : await list('record', `/domains/${domain}/records`, 'records', recordAnswer),
    reservedIps: await list('reserved-ip', '/reserved-ips', 'reserved_ips', labelledAnswer),
    vpcs: await list('vpc', '/vpcs', 'vpcs', vpcAnswer),
    storages: await list('object-storage', '/object-storage', 'object_storages', labelledAnswer),
  };
}

/** A rule and a record are imported by what they are in, too. */
function idOf(account: Account, one: Declared): string | undefined {
  switch (one.kind) {
    case 'ssh-key':
      return account.sshKeys.find(({ name }) => name === one.name)?.id;
    case 'firewall-group':
      return account.group;
    case 'firewall-rule':
      return within(account.group, account.rules.find((rule) => isRule(rule, one))?.id);
    case 'domain':
      return account.domain;
    case 'record':
      return within(account.domain, account.records.find(({ type, name }) => type === 'A' && name === one.name)?.id);
    case 'reserved-ip':
      return account.reservedIps.find(({ label, region }) => label === one.label && region === one.region)?.id;
    case 'vpc':
      return account.vpcs.find(({ description, region }) => description === one.description && region === one.region)
        ?.id;
    case 'object-storage':
      return account.storages.find(({ label }) => label === one.label)?.id;
  }
}

function within(outer: string | undefined, id: string | number | undefined): string | undefined {
  return outer === undefined || id === undefined ? undefined : `${outer},${id}`;
}

/** From everywhere to this port: one that lets fewer in is another rule. */
function isRule(rule: z.infer<typeof ruleAnswer>, one: Extract<Declared, { kind: 'firewall-rule' }>): boolean {
  const everywhere = rule.subnet === ANYWHERE[one.ipType] && rule.subnet_size === 0 && rule.source === '';
  return everywhere && rule.ip_type === one.ipType && rule.port === one.port && rule.protocol.toLowerCase() === 'tcp';
}
