import { z } from 'zod';
import type { Clock } from '../../operation/clock.ts';
import type { SshKeyId } from '../cloud.ts';
import { sshKeyAnswer } from './answers.ts';
import type { Api } from './call.ts';
import { createOnce } from './create-once.ts';
import { listAll } from './list.ts';

export async function createSshKey(api: Api, clock: Clock, name: string, publicKey: string): Promise<SshKeyId> {
  const key = await createOnce(clock, {
    create: async () =>
      (
        await api.call({
          method: 'POST',
          path: '/ssh-keys',
          body: { name, ssh_key: publicKey },
          answer: z.object({ ssh_key: sshKeyAnswer }),
          doing: `adding the SSH key ${name} to the account`,
          creates: true,
        })
      ).ssh_key,
    lookUp: async () =>
      (await listAll(api, '/ssh-keys', 'ssh_keys', sshKeyAnswer)).find(
        (one) => one.name === name && one.publicKey.trim() === publicKey.trim(),
      ),
  });
  return key.id;
}
