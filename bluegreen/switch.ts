import { AnnyError } from '../operation/errors.ts';
import { runStep } from '../operation/step.ts';
import { waitFor } from '../operation/wait.ts';
import type { Context } from './context.ts';
import type { NameAnswer } from './name-servers.ts';
import { showResolvers } from './public-resolvers.ts';

const POLL_MS = 1_000;
/** New records were seen at Vultr's name servers after one to several minutes. */
const NAME_SERVER_TIMEOUT_MS = 15 * 60_000;

/** Points the name at an address, and asks the zone's own name servers until all agree. Safe to do again. */
export async function switchName(context: Context, address: string): Promise<void> {
  const { settings, operation } = context;
  await runStep(operation, {
    name: 'switch',
    detail: `${settings.publicName} to ${address}`,
    run: () => pointName(context, address),
  });
  await runStep(operation, {
    name: 'name servers',
    interruptible: true,
    run: (progress) => waitForNameServers(context, address, (text) => progress.progress(text)),
    describe: agreed,
  });
  await showResolvers(context, address);
}

function agreed(answers: readonly NameAnswer[]): string {
  const deaf = answers.flatMap(({ server, deaf }) => (deaf === undefined ? [] : [`${server} ${deaf}`]));
  return deaf.length === 0
    ? `all ${answers.length} agree, by UDP and by TCP`
    : `all ${answers.length} agree; ${deaf.join('; ')}`;
}

async function pointName(context: Context, address: string): Promise<void> {
  const { cloud, settings } = context;
  const { parent_domain: domain, subdomain: name } = settings.config.infra;
  const find = async () => (await cloud.records(domain)).find((one) => one.type === 'A' && one.name === name);
  const before = await find();
  if (before?.data === address) return;
  if (before === undefined) {
    const ttlSeconds = Math.max(1, Math.round(settings.config.deploy.ttl / 1000));
    await cloud.createRecord(domain, { type: 'A', name, data: address, ttlSeconds });
  } else {
    await cloud.pointRecord(domain, before.id, address);
  }
  const after = await find();
  if (after?.data === address) return;
  throw new AnnyError('DNS_DISAGREES', {
    doing: `reading the record of ${settings.publicName} back`,
    found: `it says ${after?.data ?? 'nothing'}, not ${address}: something else changes it too`,
    next: 'find out what, then run the same command again; meanwhile the old machine relays, nothing is lost',
  });
}

async function waitForNameServers(
  context: Context,
  address: string,
  progress: (text: string) => void,
): Promise<readonly NameAnswer[]> {
  const { settings, operation, nameServers } = context;
  return waitFor(
    operation.clock,
    {
      what: `the name servers of ${settings.config.infra.parent_domain}`,
      timeoutMs: NAME_SERVER_TIMEOUT_MS,
      intervalMs: POLL_MS,
      next: 'the old machine relays meanwhile, nothing is lost; anny-bluegreen status asks them again',
    },
    async () => {
      const answers = await nameServers.addressesOf(settings.config.infra.parent_domain, settings.publicName);
      const others = answers.filter((answer) => !leadsTo(answer, address));
      if (answers.length > 0 && others.length === 0) return { done: answers };
      const text = answers.length === 0 ? 'the zone names no server' : others.map(describeNameAnswer).join('; ');
      progress(text);
      return { not: text };
    },
  );
}

export function leadsTo(answer: NameAnswer, address: string): boolean {
  return answer.addresses.length === 1 && answer.addresses[0] === address;
}

export function describeNameAnswer(answer: NameAnswer): string {
  return `${answer.server} says ${answer.problem ?? (answer.addresses.join(', ') || 'nothing')}`;
}
