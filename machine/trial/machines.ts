import { PassThrough } from 'node:stream';
import Docker from 'dockerode';
import { beginApp } from '../../builder/app-image.ts';
import { readChain } from '../../builder/definition.ts';
import { renderTree } from '../../builder/render.ts';
import * as scripts from '../../builder/scripts.ts';
import { fileArchive } from '../../builder/upload.ts';
import type { Settings } from '../../config/settings.ts';
import { silentReport } from '../../operation/silent-report.ts';
import { systemClock } from '../../operation/system-clock.ts';
import { waitFor } from '../../operation/wait.ts';
import type { Box } from '../box.ts';
import { type HostKey, makeHostKey } from '../host-key.ts';
import type { Shell } from '../shell.ts';
import { sshMachines } from '../ssh-box.ts';
import { openShell } from '../ssh-shell.ts';
import { steadyMachines } from '../steady.ts';
import { userData } from '../user-data.ts';
import type { Ground } from './ground.ts';

const SIZE = { vcpus: 1, ramMb: 1024, diskGb: 25 };
const SNAPSHOT = 'baked';

/** A machine from the image, as the operator has it, and (for looking inside) root's shell. */
export interface TrialMachine {
  readonly id: string;
  readonly address: string;
  readonly box: Box;
  /** What `box` comes with; undefined as by hand. */
  readonly lease: { token: number | undefined };
  /** Runs a script as root, past the firewall and sshd: what no operator can do. Its output, trimmed. */
  root(script: string): Promise<string>;
  /** As when the power goes and comes back; resolves when anny-box answers again. */
  reboot(): Promise<void>;
}

/** Applies images/anny.yaml with its parents to a stock machine, and keeps it as the snapshot that `newMachine` boots. */
export async function bake(ground: Ground): Promise<void> {
  const { hypervisor, settings } = ground;
  const hostKey = makeHostKey(systemClock);
  const { address } = await create(ground, 'bake', { osId: 2136 }, hostKey, 'anny-bake');
  const shell = await reach(() => openShell(shellAddress(ground, address, hostKey, 'anny-bake')));
  for (const definition of await readChain(settings.directory, 'anny')) {
    const files = await renderTree(settings, definition);
    await shell.run(scripts.packagesScript(definition, settings.config.image), { timeoutMs: 300_000 });
    await shell.run(`${scripts.usersScript(definition)}\n${scripts.directoriesScript(definition)}`);
    await shell.run('tar -C / -xf - --no-same-owner --no-overwrite-dir', { stdin: fileArchive(files) });
    if (definition.app) await bringApp(settings, shell);
    await shell.run(
      [scripts.ownersScript(files), scripts.servicesScript(definition), scripts.runScript(definition.run)].join('\n'),
      { timeoutMs: 120_000 },
    );
  }
  await shell.run(FORGET_ITSELF);
  await shell.close();
  await hypervisor.snapshot(SNAPSHOT, 'bake');
  await hypervisor.destroy('bake');
}

async function bringApp(settings: Settings, shell: Shell): Promise<void> {
  const ended = new AbortController();
  try {
    await beginApp(settings, ended.signal)(shell, silentReport.step('app'));
  } finally {
    ended.abort();
  }
}

/** What must be a machine's own goes, as the builder's cleaning does it. */
const FORGET_ITSELF = `
echo '{"name":"anny","digest":"${'ab'.repeat(32)}"}' > /etc/anny/image.json
systemctl stop nginx anny-box docker docker.socket
cloud-init clean --logs --seed
rm -rf /var/lib/anny/* /etc/anny/tls /etc/letsencrypt /run/anny /etc/ssh/ssh_host_*
: > /etc/machine-id
sync
`;

export async function newMachine(ground: Ground, id: string): Promise<TrialMachine> {
  const hostKey = makeHostKey(systemClock);
  const { address } = await create(ground, id, { snapshotId: SNAPSHOT }, hostKey, 'deploy');
  const lease: TrialMachine['lease'] = { token: undefined };
  const machines = steadyMachines(
    sshMachines(ground.privateKeyPath, () => lease.token),
    systemClock,
    async () => undefined,
  );
  const target = { address, hostKeyFingerprint: hostKey.fingerprint };
  const root = (script: string) => runInside(`${ground.place.name}-${id}`, script);
  // Looked at from inside: each knock at a machine that is not up yet counts with its firewall.
  const isUp = () =>
    root(
      'systemctl is-active --quiet anny-box && systemctl is-active --quiet ssh && test -s /home/deploy/.ssh/authorized_keys',
    );
  await reach(isUp);
  const box = await reach(() => machines.connect(target));
  return {
    id,
    address,
    box,
    lease,
    root,
    reboot: async () => {
      await box.close();
      await ground.hypervisor.reboot(id);
      await reach(isUp);
    },
  };
}

async function runInside(container: string, script: string): Promise<string> {
  const exec = await new Docker().getContainer(container).exec({
    Cmd: ['bash', '-euo', 'pipefail', '-c', script],
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({});
  const output = new PassThrough();
  const text = output.toArray();
  exec.modem.demuxStream(stream, output, output);
  stream.on('end', () => output.end());
  const said = Buffer.concat((await text) as Buffer[])
    .toString()
    .trim();
  const { ExitCode } = await exec.inspect();
  if (ExitCode !== 0) throw new Error(`exit ${ExitCode} of ${script.slice(0, 80)}: ${said}`);
  return said;
}

async function create(
  ground: Ground,
  id: string,
  from: { readonly osId: number } | { readonly snapshotId: string },
  hostKey: HostKey,
  user: 'anny-bake' | 'deploy',
): Promise<{ readonly address: string }> {
  return ground.hypervisor.create({
    id,
    // As its release will be, as create-release.ts names machines.
    hostname: `${id}-20260101-000000`,
    from,
    sshPublicKeys: [],
    userData: userData({ hostKey, user, authorizedKeys: [ground.publicKey] }),
    ...SIZE,
  });
}

function shellAddress({ privateKeyPath }: Ground, address: string, hostKey: HostKey, user: 'anny-bake' | 'deploy') {
  return { address, user, privateKeyPath, hostKeyFingerprint: hostKey.fingerprint };
}

function reach<T>(open: () => Promise<T>): Promise<T> {
  return waitFor(
    systemClock,
    { what: 'the machine to answer', timeoutMs: 120_000, intervalMs: 500, next: 'docker logs' },
    async () => {
      try {
        return { done: await open() };
      } catch (error) {
        return { not: error instanceof Error ? error.message : String(error) };
      }
    },
  );
}
