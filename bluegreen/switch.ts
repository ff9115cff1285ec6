import { AnnyError } from '../operation/errors.ts';
import { runStep, warn } from '../operation/step.ts';
import { waitFor } from '../operation/wait.ts';
import type { Context } from './context.ts';
import { describeNameAnswer, leadsTo, leadThere } from './leading.ts';
import type { NameAnswer } from './name-servers.ts';
import { showResolvers } from './public-resolvers.ts';
import type { Answering } from './release.ts';
import { trafficSwitch } from './traffic-switch.ts';

const POLL_MS = 1_000;
/** New records were seen at Vultr's name servers after one to several minutes. */
const NAME_SERVER_TIMEOUT_MS = 15 * 60_000;
/** Long enough for a network that comes back. */
const UNFOUND_TIMEOUT_MS = 60_000;

/** Moves traffic to a machine, and asks the zone's own name servers until all agree. Safe to do again. */
export async function switchTraffic(context: Context, to: Answering, from?: Answering): Promise<void> {
  const { operation } = context;
  const by = trafficSwitch(context);
  const address = await runStep(operation, { name: 'switch', detail: by.detail(to), run: () => by.point(to, from) });
  const answers = await runStep(operation, {
    name: 'name servers',
    interruptible: true,
    run: (progress) => waitForNameServers(context, address, (text) => progress.progress(text)),
    describe: agreed,
  });
  for (const answer of answers.filter(({ unfound }) => unfound)) {
    warn(operation, `${describeNameAnswer(answer)}; check the NS records of the zone, or infra.name_servers`);
  }
  await showResolvers(context, address);
}

function agreed(answers: readonly NameAnswer[]): string {
  const asked = answers.filter(({ unfound }) => !unfound);
  const all =
    asked.length === answers.length ? `all ${asked.length} agree` : `${asked.length} of ${answers.length} agree`;
  const deaf = answers.flatMap(({ server, deaf }) => (deaf === undefined ? [] : [`${server} ${deaf}`]));
  return deaf.length === 0 ? `${all}, by UDP and by TCP` : `${all}; ${deaf.join('; ')}`;
}

async function waitForNameServers(
  context: Context,
  address: string,
  progress: (text: string) => void,
): Promise<readonly NameAnswer[]> {
  const { settings, operation, nameServers } = context;
  const begun = operation.clock.now();
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
      const isAnyAsked = answers.some(({ unfound }) => !unfound);
      if (isAnyAsked && leadThere(answers, address)) return { done: answers };
      if (answers.length > 0 && !isAnyAsked && operation.clock.now() - begun >= UNFOUND_TIMEOUT_MS)
        throw noneFound(answers);
      const text = answers.length === 0 ? 'the zone names no server' : others.map(describeNameAnswer).join('; ');
      progress(text);
      return { not: text };
    },
  );
}

function noneFound(answers: readonly NameAnswer[]): AnnyError {
  return new AnnyError('WAIT_TIMEOUT', {
    doing: 'asking the name servers of the zone where the name leads',
    found: answers.map(describeNameAnswer).join('; '),
    next: "check infra.name_servers, the zone's NS records, and that this computer's resolver answers; then anny-bluegreen settle. The old machine relays meanwhile, nothing is lost",
  });
}
