import type { ReservedIp } from '../cloud/cloud.ts';
import type { Settings } from '../config/settings.ts';
import { AnnyError } from '../operation/errors.ts';
import type { Release } from './release.ts';

/** As `anny-infra` labels it. */
export function reservedIpLabel({ config, environment }: Pick<Settings, 'config' | 'environment'>): string {
  return `${config.infra.vultr_label}-${environment}`;
}

/** The one that this environment's name leads to. @throws {AnnyError} CONFIG_INVALID when none, or none that could serve, is there. */
export function chooseReservedIp(
  settings: Pick<Settings, 'config' | 'environment'>,
  all: readonly ReservedIp[],
): ReservedIp {
  const label = reservedIpLabel(settings);
  const { vultr_region: region } = settings.config.infra;
  const labelled = all.filter((one) => one.label === label);
  const [found, second] = labelled.filter((one) => one.region === region);
  if (found !== undefined && second === undefined) return found;
  const doing = `looking for the reserved IP "${label}" that traffic comes by (deploy.switch is reserved_ip)`;
  if (found !== undefined && second !== undefined) {
    throw new AnnyError('CONFIG_INVALID', {
      doing,
      found: `${region} has two: ${found.address} and ${second.address}`,
      next: 'give the one that the name does not lead to another label in the account',
    });
  }
  const elsewhere = labelled.map((one) => `${one.address} in ${one.region}`).join(', ');
  throw new AnnyError('CONFIG_INVALID', {
    doing,
    found:
      elsewhere === ''
        ? `the account has none in ${region}`
        : `the account has ${elsewhere}, and infra.vultr_region is ${region}`,
    next:
      elsewhere === ''
        ? 'set infra.foundation.reserved_ip to true, then anny-infra up; or set deploy.switch to dns'
        : 'an address leads to machines of its own region only: set infra.vultr_region to that, or deploy.switch to dns',
  });
}

/** Before anything is moved to a machine that the address cannot lead to. */
export function refuseOtherRegion({ address, region }: ReservedIp, to: Pick<Release, 'instance' | 'tags'>): void {
  if (to.instance.region === region) return;
  throw new AnnyError('CONFIG_INVALID', {
    doing: `making sure that ${address} can lead to ${to.tags.release}`,
    found: `the reserved IP is in ${region}, and the machine in ${to.instance.region}`,
    next: 'set deploy.switch to dns for a move to another region; nothing was moved',
  });
}
