import { isNextName, keyNames, nextName } from '../../machine/operator-key.ts';
import { AnnyError } from '../../operation/errors.ts';
import type { OtherMachine } from './doors.ts';

type Names = Parameters<typeof keyNames>[0];

export function refuseNamed(infra: Names, name: string): void {
  if (!keyNames(infra).includes(name)) return;
  throw new AnnyError('USAGE', {
    doing: `revoking ${name}`,
    found: 'config.yaml still names it among those that machines let in',
    next: 'take it out of infra.ssh_key_names, then run this again; your own key is replaced by ssh-keys rotate',
  });
}

/** It belongs to a rotation that is under way, and its operator may have no other by now. */
export function refuseNext(name: string): void {
  if (!isNextName(name)) return;
  throw new AnnyError('USAGE', {
    doing: `revoking ${name}`,
    found: 'it is about to take the place of the key without .next',
    next: 'finish that with ssh-keys rotate, where it was begun; or revoke the key without .next',
  });
}

/** With what a rotation of it left. A name that was mistyped must not look like one that is revoked. */
export function revocable<Key extends { readonly name: string }>(keys: readonly Key[], name: string): readonly Key[] {
  const found = keys.filter((key) => [name, nextName(name)].includes(key.name));
  if (found.length > 0) return found;
  throw new AnnyError('USAGE', {
    doing: `revoking ${name}`,
    found: `the account has no key of that name; it has ${keys.map((key) => key.name).join(', ') || 'none'}`,
    next: 'if that is the name: ssh-keys push takes off the machines whatever config.yaml does not name',
  });
}

/** Without it in the account nothing could be promoted there any more. */
export async function refuseNamedElsewhere(
  others: readonly OtherMachine[],
  name: string,
  infraOf: (environment: string) => Promise<Names | undefined>,
): Promise<void> {
  const naming: string[] = [];
  for (const environment of environmentsOf(others)) {
    const infra = await infraOf(environment);
    if (infra !== undefined && keyNames(infra).includes(name)) naming.push(environment);
  }
  if (naming.length === 0) return;
  const where = naming.join(' and ');
  throw new AnnyError('USAGE', {
    doing: `revoking ${name}`,
    found: `config.yaml still names it for ${where}, which has machines in this account and could make none without it`,
    next: `take it out of infra.ssh_key_names for ${where} as well, then run this again; to take it off the machines of this environment alone: ssh-keys push`,
  });
}

/** Their machines are looked after from there; one command each. */
export function leftElsewhere(others: readonly OtherMachine[]): readonly string[] {
  return environmentsOf(others).map((environment) => {
    const releases = others.filter((one) => one.environment === environment).map(({ release }) => release);
    const [verb, knew] = releases.length === 1 ? ['lets', 'it'] : ['let', 'they'];
    return `${releases.join(', ')} of ${environment} ${verb} in whom ${knew} let in before: run anny-bluegreen --env ${environment} ssh-keys push`;
  });
}

function environmentsOf(others: readonly OtherMachine[]): readonly string[] {
  return [...new Set(others.map(({ environment }) => environment))];
}
