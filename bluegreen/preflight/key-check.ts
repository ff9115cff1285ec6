import { readFile, stat } from 'node:fs/promises';
import ssh2 from 'ssh2';
import { localPath } from '../../config/local-path.ts';
import { keyNames, operatorKeys } from '../../machine/operator-key.ts';
import { blocks, type Check, ok, type Seen } from './check.ts';
import { type Ground, inAccount } from './ground.ts';

/** The account's key goes onto machines, the one here opens them: they must be two halves of one. */
export function keyChecks(ground: Ground): readonly Check[] {
  return [
    { name: 'private key', look: () => privateKey(ground) },
    { name: 'SSH key', look: () => inAccount(ground, () => sameKey(ground)) },
  ];
}

async function privateKey(ground: Ground): Promise<Seen> {
  const read = await readKey(ground);
  if ('problem' in read) return read.problem;
  const { mode } = await stat(read.path);
  if ((mode & 0o077) === 0) return ok(`${read.path} is a private key`);
  return blocks(`${read.path} can be read by others, so ssh refuses it`, `chmod 600 ${read.path}`);
}

async function sameKey(ground: Ground): Promise<Seen> {
  const { infra } = ground.settings.config;
  const known = await operatorKeys(ground.cloud, infra);
  const read = await readKey(ground);
  if ('problem' in read) return read.problem;
  const own = known.find(({ publicKey }) => blobOf(publicKey) === read.publicBlob);
  if (own !== undefined) return ok(`"${own.name}" of the account belongs to it`);
  const names = keyNames(infra).join('", "');
  return blocks(
    `the account's key "${names}" does not belong to ${read.path}: machines would not let this computer in`,
    'name the key that does in infra.ssh_key_name, or its private half in infra.ssh_private_key',
  );
}

type Read = { readonly path: string; readonly publicBlob: string } | { readonly problem: Seen };

async function readKey({ settings }: Ground): Promise<Read> {
  const path = localPath(settings.directory, settings.config.infra.ssh_private_key);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => error);
  if (text instanceof Error) {
    const found = text.code === 'ENOENT' ? 'is not there' : `cannot be read (${text.code})`;
    const next = 'name another in config.yaml, or make one: ssh-keygen -t ed25519';
    return { problem: blocks(`${path} (infra.ssh_private_key) ${found}`, next) };
  }
  const key = ssh2.utils.parseKey(text);
  if (!(key instanceof Error) && key.isPrivateKey()) return { path, publicBlob: key.getPublicSSH().toString('base64') };
  const found = key instanceof Error ? key.message : 'it is a public key';
  const next = 'it must be a private key without a passphrase: ssh-keygen -p takes one away';
  return { problem: blocks(`${path} (infra.ssh_private_key) cannot be used: ${found}`, next) };
}

/** "ssh-ed25519 AAAA… comment" without what says nothing about the key. */
function blobOf(publicKey: string): string {
  return publicKey.trim().split(/\s+/)[1] ?? '';
}
