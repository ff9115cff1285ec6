import { firewallGroup } from '../create-release.ts';
import { addressRecords } from '../observe.ts';
import { chooseReservedIp } from '../reserved-ip.ts';
import { refuseAmbiguousName } from '../unfit-name.ts';
import { blocks, type Check, ok, type Seen, unknown, warning } from './check.ts';
import { type Ground, inAccount } from './ground.ts';

const ACCOUNTS_SERVERS = ['ns1.vultr.com', 'ns2.vultr.com'];
const AT_REGISTRAR = `where the domain was registered, set its name servers to ${ACCOUNTS_SERVERS.join(' and ')}; that takes up to a day`;

/** Whether the account can lead the name anywhere, and lets traffic in. */
export function zoneChecks(ground: Ground): readonly Check[] {
  return [
    { name: 'zone', look: () => inAccount(ground, () => zone(ground)) },
    { name: 'delegation', look: () => delegation(ground) },
    ...(ground.settings.config.deploy.switch === 'dns'
      ? []
      : [{ name: 'reserved IP', look: () => inAccount(ground, () => reservedIp(ground)) }]),
    { name: 'firewall', look: () => inAccount(ground, () => firewall(ground)) },
  ];
}

async function zone({ cloud, inventory, settings }: Ground): Promise<Seen> {
  const { parent_domain: domain, subdomain } = settings.config.infra;
  if (!(await inventory.hasZone(domain))) {
    return blocks(
      `the account has no zone ${domain} (infra.parent_domain)`,
      'anny-infra up makes it; or add it under DNS in the account',
    );
  }
  const leading = addressRecords(await cloud.records(domain), subdomain);
  refuseAmbiguousName(leading);
  const { record } = leading;
  return ok(
    `${domain} is in the account; ${record === undefined ? `a promote makes ${settings.publicName}` : `${settings.publicName} leads to ${record.data}`}`,
  );
}

async function delegation({ settings, serversOf }: Ground): Promise<Seen> {
  const { parent_domain: domain } = settings.config.infra;
  const served = await serversOf(domain);
  switch (served.kind) {
    case 'configured': {
      const bad = served.servers.filter(({ problem }) => problem !== undefined);
      if (bad.length === 0) return ok(`${served.servers.map(({ server }) => server).join(', ')} answers for ${domain}`);
      const said = bad
        .map(({ server, problem, unfound }) => `${server} ${unfound ? 'cannot be asked:' : 'says'} ${problem}`)
        .join('; ');
      if (bad.length < served.servers.length && bad.every(({ unfound }) => unfound))
        return warning(said, 'check infra.name_servers: a switch asks the others alone');
      return blocks(
        `no answer for ${domain}: ${said}`,
        'check infra.name_servers, and that the zone is in the account',
      );
    }
    case 'delegated':
      return judgeDelegation(domain, served.to);
    case 'nowhere':
      return blocks(`${domain} leads nowhere in the DNS (${served.why})`, AT_REGISTRAR);
    case 'unasked':
      return unknown(
        `this computer's resolver does not answer (${served.why})`,
        'check its network, then run this again',
      );
  }
}

function judgeDelegation(domain: string, to: readonly string[]): Seen {
  const right = ACCOUNTS_SERVERS.filter((server) => to.includes(server));
  if (right.length === ACCOUNTS_SERVERS.length && to.length === right.length)
    return ok(`${domain} is delegated to ${to.join(' and ')}`);
  const found = `${domain} is delegated to ${to.join(', ') || 'nobody'}`;
  if (right.length === 0) return blocks(`${found}: records of the account count for nobody`, AT_REGISTRAR);
  return warning(`${found}: who asks the others may be led elsewhere`, AT_REGISTRAR);
}

async function firewall({ cloud, settings }: Ground): Promise<Seen> {
  const { firewall_group: wanted } = settings.config.infra;
  if (wanted === '') return ok('none in front of machines (infra.firewall_group); each has its own');
  await firewallGroup({ cloud, settings });
  return ok(`the account has the group "${wanted}"`);
}

async function reservedIp({ cloud, settings }: Ground): Promise<Seen> {
  const { address, region, attachedTo } = chooseReservedIp(settings, await cloud.reservedIps());
  return ok(`${address} in ${region}, attached to ${attachedTo ?? 'nothing yet'}`);
}
