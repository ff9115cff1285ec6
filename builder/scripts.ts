import type { Config } from '../config/schema.ts';
import { quote } from '../machine/ssh-shell.ts';
import type { Definition } from './definition.ts';
import type { MachineFile } from './render.ts';

/** What is run on the machine that is being baked: pure text, made from the definition. */

/** A cloud's stock system may still be at its own first updates; its package lists may be of last month. */
const APT = 'apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold';

const OFFICIAL_DOCKER = `
install -d -m 0755 /etc/apt/keyrings
. /etc/os-release
curl -fsSL "https://download.docker.com/linux/$ID/gpg" -o /etc/apt/keyrings/docker.asc
echo "deb [arch=$(dpkg --print-architecture) signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/$ID $VERSION_CODENAME stable" > /etc/apt/sources.list.d/docker.list`;

const DOCKER_PACKAGES = {
  official: ['docker-ce', 'docker-ce-cli', 'containerd.io', 'docker-compose-plugin'],
  distribution: ['docker.io', 'docker-compose'],
} as const;

/** What apt is asked for, with what `docker: true` stands for. */
export function packageNames(definition: Definition, image: Pick<Config['image'], 'docker'>): readonly string[] {
  return [...(definition.docker ? DOCKER_PACKAGES[image.docker] : []), ...definition.packages];
}

/** Docker first where something is to be loaded into it while the others come. */
function installs(definition: Definition, image: Pick<Config['image'], 'docker'>): readonly (readonly string[])[] {
  if (!definition.docker || !definition.app_base) return [packageNames(definition, image)];
  return [DOCKER_PACKAGES[image.docker], definition.packages].filter((names) => names.length > 0);
}

export function packagesScript(definition: Definition, image: Config['image']): string {
  const packages = packageNames(definition, image);
  if (packages.length === 0) return '';
  return [
    'export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1',
    // The image is snapshotted as a whole and tested after a boot: syncing every file of every package buys nothing.
    'echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/anny-bake',
    ...(definition.docker && image.docker === 'official'
      ? [`${APT} update`, `${APT} install -y ca-certificates curl`, OFFICIAL_DOCKER]
      : []),
    `${APT} update`,
    ...(image.upgrade ? [`${APT} upgrade -y`] : []),
    ...installs(definition, image).map((names) => `${APT} install -y --no-install-recommends ${names.join(' ')}`),
    'rm -f /etc/dpkg/dpkg.cfg.d/anny-bake',
  ].join('\n');
}

export function usersScript(definition: Definition): string {
  return definition.users
    .map(({ name, uid, shell, groups }) => {
      const extra = groups.length === 0 ? '' : ` --groups ${groups.join(',')}`;
      return `id -u ${name} >/dev/null 2>&1 || useradd --create-home --uid ${uid} --shell ${shell}${extra} ${name}
passwd --lock ${name} >/dev/null`;
    })
    .join('\n');
}

/** Directories first, since a file's owner may need what is made here. */
export function directoriesScript(definition: Definition): string {
  return definition.directories
    .map(({ path, owner, mode }) => {
      const [user = 'root', group = 'root'] = owner.split(':');
      return `install -d -m ${mode} -o ${user} -g ${group} ${quote(path)}`;
    })
    .join('\n');
}

/** Owners by name can only be set where the user exists; modes came with the archive. */
export function ownersScript(files: readonly MachineFile[]): string {
  return files
    .filter(({ owner }) => owner !== 'root:root')
    .map(({ path, owner }) => `chown ${owner} ${quote(path)}`)
    .join('\n');
}

export function servicesScript(definition: Definition): string {
  const { enable, disable } = definition.services;
  return [
    'systemctl daemon-reload',
    ...(disable.length === 0 ? [] : [`systemctl disable --now ${disable.map(quote).join(' ')}`]),
    // Packages have enabled most already, and for each that has a script for SysV's init too it takes a third of a second.
    ...(enable.length === 0
      ? []
      : [
          'fresh=()',
          `for unit in ${enable.map(quote).join(' ')}; do [ "$(systemctl is-enabled "$unit" 2>/dev/null)" = enabled ] || fresh+=("$unit"); done`,
          `[ \${#fresh[@]} -eq 0 ] || systemctl enable --quiet "\${fresh[@]}"`,
        ]),
  ].join('\n');
}

export function runScript(lines: readonly string[]): string {
  // Each line is said before it runs, so that a failure names it. It may have several lines of its own.
  return lines.map((line) => `echo ${quote(`+ ${line.trim()}`)} >&2\n{\n${line}\n} >&2`).join('\n');
}
