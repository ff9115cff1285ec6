import type { ReservedIp } from '../cloud/cloud.ts';
import type { NameAnswer } from './name-servers.ts';
import type { World } from './observe.ts';
import type { Release } from './release.ts';

/** What the name must lead to for traffic to reach a release: its own address, or the reserved one that is attached to it. */
export function addressFor(
  { reservedIp, switchedBy }: Pick<World, 'reservedIp' | 'switchedBy'>,
  { address }: Release,
): string {
  return switchedBy === 'reserved_ip' && reservedIp !== undefined ? reservedIp.address : address;
}

/** Some traffic comes to it by the name: by the record, by what a name server still says, or by a reserved address that is its own. */
export function isLedTo(world: World, release: Release): boolean {
  return isNamed(world, release.address) || isHolder(world.reservedIp, release);
}

/** All of it does. */
export function isLedWhollyTo(world: World, release: Release): boolean {
  const address = addressFor(world, release);
  return (
    world.record?.data === address &&
    leadThere(world.nameAnswers, address) &&
    (world.switchedBy === 'dns' || isHolder(world.reservedIp, release))
  );
}

export function isHolder(reservedIp: ReservedIp | undefined, { instance }: Pick<Release, 'instance'>): boolean {
  return reservedIp?.attachedTo === instance.id;
}

function isNamed({ record, nameAnswers }: World, address: string): boolean {
  return record?.data === address || nameAnswers.some(({ addresses }) => addresses.includes(address));
}

export function leadsTo(answer: NameAnswer, address: string): boolean {
  return answer.addresses.length === 1 && answer.addresses[0] === address;
}

/** Everybody who can be asked says so. One whose own address nobody finds is asked by no user either. */
export function leadThere(answers: readonly NameAnswer[], address: string): boolean {
  return answers.every((answer) => answer.unfound || leadsTo(answer, address));
}

export function describeNameAnswer(answer: NameAnswer): string {
  if (answer.unfound) return `${answer.server} cannot be asked: ${answer.problem}`;
  return `${answer.server} says ${answer.problem ?? (answer.addresses.join(', ') || 'nothing')}`;
}
