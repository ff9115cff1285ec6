import { packageNames } from '../../builder/scripts.ts';
import type { Kit, Part } from './kit.ts';

/** The kit as a playbook, with the modules that are meant for each thing. */
export function ansiblePlaybook(kit: Kit): object {
  return [{ hosts: 'all', become: true, gather_facts: false, tasks: kit.parts.flatMap((part) => tasksOf(kit, part)) }];
}

/** The whole tree at once: `copy` would take half a second for each file. Directories that are there stay as they are. */
const AS_THEY_ARE = { archive: false, recursive: true, use_ssh_args: true, rsync_opts: ['--chmod=F0644'] };

function tasksOf({ settings, appArchive }: Kit, { definition, files }: Part): object[] {
  const { users, directories, services, run } = definition;
  const names = packageNames(definition, settings.config.image);
  const special = files.filter(({ owner, mode }) => owner !== 'root:root' || mode !== '0644');
  return [
    ...(names.length === 0
      ? []
      : [
          { apt: { update_cache: true, upgrade: 'safe', force_apt_get: true } },
          { apt: { name: names, install_recommends: false } },
        ]),
    ...users.map(({ name, uid, shell, groups }) => ({ user: { name, uid, shell, groups, password_lock: true } })),
    ...directories.map(({ path, owner, mode }) => ({ file: { path, state: 'directory', mode, ...owned(owner) } })),
    { synchronize: { src: `${definition.name}/`, dest: '/', ...AS_THEY_ARE } },
    ...special.map(({ path, owner, mode }) => ({ file: { path, mode, ...owned(owner) } })),
    ...(definition.app
      ? [
          { copy: { src: appArchive, dest: '/root/app.tar' } },
          { command: 'docker load --quiet --input /root/app.tar' },
          { file: { path: '/root/app.tar', state: 'absent' } },
        ]
      : []),
    { systemd: { daemon_reload: true } },
    ...services.disable.map((name) => ({ systemd: { name, enabled: false, state: 'stopped' } })),
    ...services.enable.map((name) => ({ systemd: { name, enabled: true } })),
    ...run.map((line) => ({ shell: { cmd: line, executable: '/bin/bash' } })),
  ];
}

function owned(owner: string): object {
  const [user, group] = owner.split(':');
  return { owner: user, group };
}
