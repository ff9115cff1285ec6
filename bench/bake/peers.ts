import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { bakedTag } from '../../builder/build-app.ts';
import { fileArchive } from '../../builder/upload.ts';
import { runCommand } from '../../cloud/local/host-command.ts';
import { secondsOf } from '../ground.ts';
import { ansiblePlaybook } from './ansible.ts';
import { type Bare, type Kit, type Part, scriptsOf } from './kit.ts';
import { packerTemplate } from './packer.ts';

const TIMEOUT_MS = 20 * 60_000;

/** Brings everything of the kit onto a bare machine; resolves with the seconds that took. */
export type Peer = (kit: Kit, bare: Bare) => Promise<number>;

/** What no tool can beat: one shell script on the machine itself, which has all that it needs. */
export const limit: Peer = async ({ parts, appArchive, settings }, { shell }) => {
  await shell.run('cat > /root/app.tar', { stdin: createReadStream(appArchive), timeoutMs: TIMEOUT_MS });
  for (const { definition, files } of parts) {
    await shell.run(`cat > /root/${definition.name}.tar`, { stdin: fileArchive(files) });
  }
  const script = parts.map((part) => scriptOf(part, settings.config.image)).join('\n');
  const seconds = await secondsOf(() => shell.run(script, { timeoutMs: TIMEOUT_MS }));
  await shell.run(`docker image inspect ${bakedTag(settings)} >/dev/null`);
  return seconds;
};

function scriptOf(part: Part, image: Parameters<typeof scriptsOf>[1]): string {
  const { before, owners, after } = scriptsOf(part, image);
  return [
    ...before,
    `tar -C / -x -f /root/${part.definition.name}.tar --no-same-owner --no-overwrite-dir --preserve-permissions`,
    owners,
    ...(part.definition.app ? ['docker load --quiet < /root/app.tar'] : []),
    ...after,
  ].join('\n');
}

export const ansible: Peer = async (kit, { shell, user, privateKey, knownHosts }) => {
  const file = (name: string): string => join(kit.directory, name);
  const ssh = `-o UserKnownHostsFile=${knownHosts} -o StrictHostKeyChecking=yes -o ControlMaster=auto -o ControlPersist=60s`;
  const host = { ansible_user: user, ansible_ssh_private_key_file: privateKey, ansible_ssh_common_args: ssh };
  await writeFile(file('inventory.yaml'), stringify({ all: { hosts: { [shell.address]: host } } }));
  await writeFile(file('playbook.yaml'), stringify(ansiblePlaybook(kit)));
  await writeFile(file('ansible.cfg'), '[ssh_connection]\npipelining = True\n');
  return timed(kit, 'ansible-playbook', ['-i', 'inventory.yaml', 'playbook.yaml']);
};

export const packer: Peer = async (kit, { shell, user, privateKey }) => {
  const template = packerTemplate(kit, { address: shell.address, user, privateKey });
  await writeFile(join(kit.directory, 'packer.json'), JSON.stringify(template));
  return timed(kit, 'packer', ['build', '-color=false', 'packer.json']);
};

async function timed({ directory }: Kit, program: string, words: readonly string[]): Promise<number> {
  const env = { ...process.env, CHECKPOINT_DISABLE: '1', LC_ALL: 'C.UTF-8' };
  return secondsOf(async () => {
    const { code, output } = await runCommand(program, words, { timeoutMs: TIMEOUT_MS, cwd: directory, env });
    if (code !== 0) throw new Error(`${program} ended with ${code}:\n${output.slice(-3000)}`);
  });
}
