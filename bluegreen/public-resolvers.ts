import { runStep } from '../operation/step.ts';
import { age } from './age.ts';
import type { Context } from './context.ts';
import type { ResolverAnswer } from './name-servers.ts';

/** After the zone's own servers agree: what users are told meanwhile. It decides nothing; what is old is relayed. */
export async function showResolvers(context: Context, address: string): Promise<void> {
  const { settings, operation, nameServers } = context;
  if (settings.config.infra.public_resolvers.length === 0) return;
  await runStep(operation, {
    name: 'public resolvers',
    run: () => nameServers.resolversOf(settings.publicName),
    describe: (answers) => resolversText(answers, address),
  });
}

/** "1.1.1.1 and 9.9.9.9 say so too; 8.8.8.8 says 192.0.2.1 for another 4 min" */
export function resolversText(answers: readonly ResolverAnswer[], address: string): string {
  const right = answers.filter(({ addresses }) => addresses.length === 1 && addresses[0] === address);
  const others = answers.filter((one) => !right.includes(one)).map(otherText);
  const named = right.map(({ server }) => server).join(', ');
  return [...(right.length === 0 ? [] : [`${named} ${right.length === 1 ? 'says' : 'say'} so too`]), ...others].join(
    '; ',
  );
}

function otherText({ server, addresses, ttlSeconds, problem }: ResolverAnswer): string {
  if (problem !== undefined) return `${server} could not be asked: ${problem}`;
  if (addresses.length === 0) return `${server} knows no address yet`;
  return `${server} says ${addresses.join(', ')} for another ${age(ttlSeconds)}`;
}
