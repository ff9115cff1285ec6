import type { InstanceId, ReservedIp } from '../cloud/cloud.ts';
import { AnnyError, hasCode } from '../operation/errors.ts';
import { warn } from '../operation/step.ts';
import { waitFor } from '../operation/wait.ts';
import type { Context } from './context.ts';
import { isHolder } from './leading.ts';
import type { Answering } from './release.ts';
import { chooseReservedIp, refuseOtherRegion } from './reserved-ip.ts';
import { changedByOther, pointRecord } from './switch-record.ts';
import type { TrafficSwitch } from './traffic-switch.ts';

const LEAVE_MS = 5_000;
/** For each of the two: much longer than either was seen to take. */
const MOVE_TIMEOUT_MS = 60_000;

/** The A record leads to a reserved IP, always; that is attached to the machine. No TTL has a say in it. */
export function reservedIpSwitch(context: Context): TrafficSwitch {
  return {
    detail: ({ tags }) => `the reserved IP to ${tags.release}`,
    point: async (to, from) => {
      const reservedIp = await find(context);
      refuseOtherRegion(reservedIp, to);
      // Before anything reaches it there.
      await to.box.answerAt(reservedIp.address);
      const leaving = from !== undefined && isHolder(reservedIp, from) ? from : undefined;
      if (leaving !== undefined) await letLeave(context, leaving);
      if (!isHolder(reservedIp, to)) {
        await move(context, reservedIp, to).catch(async (error: unknown) => {
          if (leaving !== undefined) await letStay(context, leaving, reservedIp.address);
          throw error;
        });
      }
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

/** It may have the address still, or again, and is to let in who knocks there; it would by itself, some seconds later. */
async function letStay({ operation }: Context, from: Answering, address: string): Promise<void> {
  await from.box
    .within(operation.clock.now() + LEAVE_MS)
    .answerAt(address)
    .catch((error: unknown) => {
      if (!(error instanceof AnnyError)) throw error;
    });
}

/** Two calls, and between them the address leads nowhere: clients knock again within a second. */
async function move(context: Context, before: ReservedIp, to: Answering): Promise<void> {
  const { cloud, operation } = context;
  // The account refuses nobody, also not who has slept over the look before.
  await operation.held.lease?.require();
  try {
    if (before.attachedTo !== undefined) {
      await cloud.detachReservedIp(before.id);
      await waitUntilHeldBy(context, before, undefined);
    }
    await operation.held.lease?.require();
    await cloud.attachReservedIp(before.id, to.instance.id);
    await waitUntilHeldBy(context, before, to.instance.id);
  } catch (error) {
    if (hasCode(error, 'LEASE_LOST')) await operation.held.lease?.refuseWhenTaken();
    const holder = await giveBack(context, before);
    // What was asked for and not seen may still come; and who was unsure of the lease has stopped in the middle.
    if (holder !== undefined && !hasCode(error, 'LEASE_LOST', 'WAIT_TIMEOUT')) throw error;
    throw unfinished(before, to, holder, error);
  }
}

/** An answer of the account does not say that it is done: an attach that comes before the detach is one would be lost. */
async function waitUntilHeldBy(context: Context, { address }: ReservedIp, wanted: InstanceId | undefined) {
  const what = wanted === undefined ? `${address} to be detached` : `${address} to be attached to ${wanted}`;
  const next = 'run the same command again';
  await waitFor(context.operation.clock, { what, timeoutMs: MOVE_TIMEOUT_MS, next }, async () => {
    const { attachedTo } = await find(context);
    if (attachedTo === wanted) return { done: attachedTo };
    if (wanted !== undefined && attachedTo !== undefined) {
      throw changedByOther(
        `looking where the reserved IP ${address} leads`,
        `it is attached to ${attachedTo}, not to ${wanted}`,
      );
    }
    return { not: `it is attached to ${attachedTo ?? 'nothing'}` };
  });
}

/** Where it came from there is a relay, which passes everything on: that is better than nowhere. Returns who has it then. */
async function giveBack(context: Context, before: ReservedIp): Promise<InstanceId | undefined> {
  const { cloud, operation } = context;
  try {
    const { attachedTo } = await find(context);
    if (attachedTo !== undefined || before.attachedTo === undefined) return attachedTo;
    // It takes nothing from anybody: only who is sure to have lost the lease leaves it to the next one.
    await operation.held.lease?.refuseWhenTaken();
    await cloud.attachReservedIp(before.id, before.attachedTo);
    await waitUntilHeldBy(context, before, before.attachedTo);
    return before.attachedTo;
  } catch (error) {
    if (!(error instanceof AnnyError) || hasCode(error, 'LEASE_LOST')) throw error;
    return undefined;
  }
}

function unfinished({ address }: ReservedIp, to: Answering, holder: InstanceId | undefined, cause: unknown): AnnyError {
  const now = holder === undefined ? 'it leads nowhere just now' : `it leads to ${holder} just now`;
  return new AnnyError('UNFINISHED', {
    doing: `attaching the reserved IP ${address} to ${to.tags.release}`,
    found: `${now}: ${cause instanceof AnnyError ? cause.found : String(cause)}`,
    next: `run the same command again, or attach it to ${to.tags.release} in the account`,
    cause,
  });
}
