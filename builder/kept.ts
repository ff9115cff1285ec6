import type { Instance } from '../cloud/cloud.ts';
import { localPath } from '../config/local-path.ts';
import { runSsh } from '../machine/system-ssh.ts';
import { AnnyError } from '../operation/errors.ts';
import type { BakeContext } from './bake-context.ts';
import { isBakeMachine } from './bake-machine.ts';

/** As ssh itself says that there was no connection. */
const SSH_FAILED = 255;

/** A machine that a bake left for a look, by its operation or label; the only one there is when none is named. */
export async function keptMachine(
  { cloud }: Pick<BakeContext, 'cloud'>,
  wanted: string | undefined,
): Promise<Instance> {
  const kept = (await cloud.instances()).filter(({ tags }) => tags.includes('anny') && isBakeMachine(tags));
  const meant = kept.filter(
    ({ label, tags }) => wanted === undefined || label === wanted || tags.includes(`op=${wanted}`),
  );
  const [machine] = meant;
  if (machine !== undefined && meant.length === 1) return machine;
  const names = kept.map(({ label, tags }) => `${label} (${saidOf(tags, 'op')})`).join(', ');
  throw new AnnyError('USAGE', {
    doing: 'looking for the machine of a bake',
    found: names === '' ? 'there is none' : `there are ${names}`,
    next:
      names === ''
        ? 'anny-image build --on-error=keep leaves the machine of a bake that fails, --step NAME stops before a step'
        : 'name one by its operation or label',
  });
}

/** A shell on it as `anny-bake`, who may sudo. The account says which host key it was made with, and no other is spoken to. */
export async function sshIntoKept(context: BakeContext, machine: Instance, words: readonly string[]): Promise<number> {
  const { infra } = context.settings.config;
  const code = await runSsh(
    {
      address: machine.address ?? '',
      user: 'anny-bake',
      privateKeyPath: localPath(context.settings.directory, infra.ssh_private_key),
      hostKeyFingerprint: saidOf(machine.tags, 'hostkey'),
    },
    words,
  );
  if (code === SSH_FAILED) {
    context.operation.report.note('if it was refused: its firewall lets an address in 6 times in 30 s; wait a moment');
  }
  return code;
}

function saidOf(tags: readonly string[], key: string): string {
  return tags.find((tag) => tag.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';
}
