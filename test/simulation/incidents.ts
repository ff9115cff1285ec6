import { HAPPENINGS, type Happening, type Incident } from './operator.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

const BOX_CALLS =
  'connect status claim prepare secrets restore start stop pass activate hold resume relay fence unfence'
    .concat(' answerAt leave pullKey admit pull takeover backup certificate traffic')
    .split(' ');
/** Around the commit, where a fault does the most. */
const HANDOVER_CALLS = 'hold hold takeover takeover relay relay relay activate activate'.split(' ');
const CLOUD_CALLS = 'instances instance createInstance tagInstance clearUserData halt destroyInstance records'
  .concat(
    ' createRecord pointRecord setRecordTtl reservedIps attachReservedIp detachReservedIp attachReservedIp detachReservedIp',
  )
  .split(' ');
const OTHER_CALLS = 'names.addressesOf probe.get backups.list backups.prove smoke.run journal.append'
  .concat(' hook.pre-promote hook.pre-handover hook.post-switch hook.post-promote hook.on-failure hook.pre-retire')
  .split(' ');

/** What will go wrong in one command. */
export function incidents({ random }: World): Incident[] {
  return Array.from({ length: random.pick([0, 1, 1, 1, 2, 3]) }, () => incident(random));
}

/** Mostly at a call by its name, since the calls that matter are few among those that wait. */
function incident(random: Random): Incident {
  const where = random.pick(['any', 'box', 'box', 'handover', 'handover', 'torn', 'cloud', 'else']);
  const anything: readonly Happening[] = HAPPENINGS.any;
  const count = random.pick([1, 1, 1, 2, 2, 3]);
  switch (where) {
    case 'any':
      return { call: 'any', count: random.int(1, 160), what: random.pick(anything) };
    case 'box':
      return { call: `box.${random.pick(BOX_CALLS)}`, count, what: random.pick([...anything, ...HAPPENINGS.box]) };
    case 'handover': {
      const call = `box.${random.pick(HANDOVER_CALLS)}`;
      return { call, count: 1, what: random.pick([...anything, ...HAPPENINGS.box]) };
    }
    case 'torn':
      return { call: random.pick(['box.pull', 'box.takeover']), count: random.pick([1, 1, 2]), what: 'torn pull' };
    case 'cloud': {
      const call = `cloud.${random.pick(CLOUD_CALLS)}`;
      return { call, count, what: random.pick([...anything, ...HAPPENINGS.cloud]) };
    }
    default: {
      const what = random.pick([...anything, 'refused'] as const);
      return { call: random.pick(OTHER_CALLS), count: random.int(1, 8), what };
    }
  }
}
