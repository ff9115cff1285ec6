import { readFile } from 'node:fs/promises';
import { localPath } from '../../config/local-path.ts';
import { PUBLIC_KEY_PATTERN } from '../../config/schema.ts';
import type { Settings } from '../../config/settings.ts';
import { keyNames } from '../../machine/operator-key.ts';
import { AnnyError } from '../../operation/errors.ts';

/**
 * Public SSH keys by the names that the account knows them by: those that config.yaml lists, and the operator's own, which lies beside
 * the private one. Who lists all of a team has one foundation for all of them, whoever runs it.
 */
export async function publicKeys({
  config: { infra },
  directory,
}: Pick<Settings, 'config' | 'directory'>): Promise<Readonly<Record<string, string>>> {
  const listed = infra.foundation.ssh_keys;
  const [own, ...others] = keyNames(infra).filter((name) => listed[name] === undefined);
  if (own === undefined) return listed;
  if (others.length > 0) throw unlisted([own, ...others]);
  return { [own]: await readPublicKey(localPath(directory, infra.ssh_private_key)), ...listed };
}

/** One of them may be this computer's own; which one, nobody has said. */
function unlisted(names: readonly string[]): AnnyError {
  return new AnnyError('CONFIG_INVALID', {
    doing: 'declaring the SSH keys of infra.ssh_key_names',
    found: `the public keys of ${names.join(', ')} are not known here`,
    next: 'list them in infra.foundation.ssh_keys of config.yaml: NAME: ssh-ed25519 AAAA…',
  });
}

async function readPublicKey(privateKey: string): Promise<string> {
  const path = `${privateKey}.pub`;
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, privateKey, `it cannot be read (${error.code})`);
  });
  const key = text.trim();
  if (PUBLIC_KEY_PATTERN.test(key)) return key;
  throw unreadable(path, privateKey, 'it is no public SSH key');
}

function unreadable(path: string, privateKey: string, found: string): AnnyError {
  return new AnnyError('CONFIG_INVALID', {
    doing: `reading ${path}, the public half of infra.ssh_private_key`,
    found,
    next: `ssh-keygen -y -f ${privateKey} > ${path}, or list the key in infra.foundation.ssh_keys of config.yaml`,
  });
}
