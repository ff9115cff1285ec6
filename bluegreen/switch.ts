import { runStep } from '../operation/step.ts';
import { waitFor } from '../operation/wait.ts';
import type { Context } from './context.ts';
import { describeNameAnswer, leadsTo } from './leading.ts';
import type { NameAnswer } from './name-servers.ts';
import { showResolvers } from './public-resolvers.ts';
import type { Answering } from './release.ts';
import { trafficSwitch } from './traffic-switch.ts';

const POLL_MS = 1_000;
/** New records were seen at Vultr's name servers after one to several minutes. */
const NAME_SERVER_TIMEOUT_MS = 15 * 60_000;

/** Moves traffic to a machine, and asks the zone's own name servers until all agree. Safe to do again. */
export async function switchTraffic(context: Context, to: Answering, from?: Answering): Promise<void> {
  const { operation } = context;
  const by = trafficSwitch(context);
  const address = await runStep(operation, { name: 'switch', detail: by.detail(to), run: () => by.point(to, from) });
  await runStep(operation, {
    name: 'name servers',
    interruptible: true,
    run: (progress) => waitForNameServers(context, address, (text) => progress.progress(text)),
    describe: agreed,
  });
  await showResolvers(context, address);
}

function agreed(answers: readonly NameAnswer[]): string {
  const all = `all ${answers.length} agree`;
  const deaf = answers.flatMap(({ server, deaf }) => (deaf === undefined ? [] : [`${server} ${deaf}`]));
  return deaf.length === 0 ? `${all}, by UDP and by TCP` : `${all}; ${deaf.join('; ')}`;
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
