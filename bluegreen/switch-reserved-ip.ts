import type { ReservedIp } from '../cloud/cloud.ts';
import { AnnyError, hasCode } from '../operation/errors.ts';
import { warn } from '../operation/step.ts';
import type { Context } from './context.ts';
import { isHolder } from './leading.ts';
import type { Answering } from './release.ts';
import { chooseReservedIp, refuseOtherRegion } from './reserved-ip.ts';
import { changedByOther, pointRecord } from './switch-record.ts';
import type { TrafficSwitch } from './traffic-switch.ts';

const LEAVE_MS = 5_000;

/** The A record leads to a reserved IP, always; that is attached to the machine. No TTL has a say in it. */
export function reservedIpSwitch(context: Context): TrafficSwitch {
  return {
    detail: ({ tags }) => `the reserved IP to ${tags.release}`,
    point: async (to, from) => {
      const reservedIp = await find(context);
      refuseOtherRegion(reservedIp, to);
      // Before anything reaches it there.
      await to.box.answerAt(reservedIp.address);
      if (from !== undefined && isHolder(reservedIp, from)) await letLeave(context, from);
      if (!isHolder(reservedIp, to)) await move(context, reservedIp, to);
      await pointRecord(context, reservedIp.address);
      return reservedIp.address;
    },
  };
}

async function find({ cloud, settings }: Context): Promise<ReservedIp> {
  return chooseReservedIp(settings, await cloud.reservedIps());
}

/** Connections do not move with the address: they end in good order first. One that cannot be told keeps nobody from moving. */
async function letLeave({ operation }: Context, from: Answering): Promise<void> {
  await from.box
    .within(operation.clock.now() + LEAVE_MS)
    .leave()
    .catch((error: unknown) => {
      if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
      warn(operation, `requests under way at ${from.tags.release} may be cut off: ${error.found}`);
    });
}

/** Two calls, and between them the address leads nowhere: clients knock again within a second. */
async function move(context: Context, before: ReservedIp, to: Answering): Promise<void> {
  const { cloud, operation } = context;
  // The account refuses nobody, also not who has slept over the look before.
  await operation.held.lease?.require();
  try {
    if (before.attachedTo !== undefined) await cloud.detachReservedIp(before.id);
    await operation.held.lease?.require();
    await cloud.attachReservedIp(before.id, to.instance.id);
  } catch (error) {
    if (hasCode(error, 'LEASE_LOST')) throw error;
    throw (await isGivenBack(context, before)) ? error : leadsNowhere(before, to, error);
  }
  const after = await find(context);
  if (isHolder(after, to)) return;
  throw changedByOther(
    `looking where the reserved IP ${before.address} leads`,
    `it is attached to ${after.attachedTo ?? 'nothing'}, not to ${to.instance.id}`,
  );
}

/** Where it came from there is a relay, which passes everything on: that is better than nowhere. */
async function isGivenBack({ cloud, operation, settings }: Context, before: ReservedIp): Promise<boolean> {
  if (before.attachedTo === undefined) return true;
  try {
    const now = chooseReservedIp(settings, await cloud.reservedIps());
    if (now.attachedTo !== undefined) return true;
    await operation.held.lease?.require();
    await cloud.attachReservedIp(before.id, before.attachedTo);
    return true;
  } catch (error) {
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
    return false;
  }
}

function leadsNowhere({ address }: ReservedIp, to: Answering, cause: unknown): AnnyError {
  return new AnnyError('UNFINISHED', {
    doing: `attaching the reserved IP ${address} to ${to.tags.release}`,
    found: `it leads nowhere just now: ${cause instanceof AnnyError ? cause.found : String(cause)}`,
    next: `run the same command again, or attach it to ${to.tags.release} in the account`,
    cause,
  });
}
