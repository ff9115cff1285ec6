import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runCommand } from './host-command.ts';
import type { RootRecipe } from './machine-image.ts';

/** A stock machine as a cloud gives it: systemd, sshd, cloud-init; nothing that a bake brings. */
export const STOCK_MACHINE: RootRecipe = {
  repository: 'anny-local/machine',
  version: '1',
  packages: [
    ...['systemd', 'systemd-sysv', 'dbus', 'udev', 'kmod', 'openssh-server', 'sudo', 'cloud-init', 'rsyslog'],
    ...['logrotate', 'cron', 'ca-certificates', 'curl', 'gnupg', 'iproute2', 'iputils-ping', 'ifupdown', 'netbase'],
    ...['procps', 'tzdata', 'apt-utils', 'rsync'],
  ],
  files: {
    '/etc/cloud/cloud.cfg.d/90_local.cfg': [
      'datasource_list: [ NoCloud ]',
      // A minimal system has no locales to generate, and the module would fail.
      'locale: C.UTF-8',
      'network: { config: disabled }',
      'manage_etc_hosts: true',
      '',
    ].join('\n'),
    '/etc/systemd/journald.conf.d/10-local.conf': '[Journal]\nStorage=persistent\nSystemMaxUse=64M\n',
    '/etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
  },
  run: [
    'systemctl mask networking.service systemd-udevd.service systemd-udev-trigger.service getty.target console-getty.service systemd-logind.service',
    'systemctl mask systemd-modules-load.service systemd-sysctl.service sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount systemd-networkd-wait-online.service e2scrub_reap.service',
    'rm -f /etc/ssh/ssh_host_*',
    ': > /etc/machine-id',
    'rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb',
  ],
};

const CA_FILE = '/etc/ssl/certs/ca-certificates.crt';

/** Base image for apps in Node.js where no registry answers: the same binary that runs this program, and this computer's npm. */
export async function nodeApp(): Promise<RootRecipe> {
  // .../npm/bin/npm-cli.js: where npm is, whichever Node it belongs to.
  const npmCli = (await runCommand('sh', ['-c', 'realpath "$(command -v npm)"'], { timeoutMs: 10_000 })).output;
  const npm = dirname(dirname(npmCli));
  const node = createRequire(import.meta.url).resolve('node/package.json');
  return {
    repository: 'anny-local/node',
    tag: '24',
    version: `1 node ${process.version}`,
    packages: ['ca-certificates', 'libstdc++6', 'libatomic1'],
    files: {},
    programs: { '/usr/local/bin/node': join(dirname(node), 'bin', 'node') },
    trees: { '/usr/local/lib/node_modules/npm': npm },
    run: [
      'ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm',
      'rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /usr/share/doc/* /usr/share/man/* /usr/share/locale/*',
    ],
    environment: [`NODE_EXTRA_CA_CERTS=${CA_FILE}`],
  };
}

/** Base image for apps in Python where no registry answers. */
export const PYTHON_APP: RootRecipe = {
  repository: 'anny-local/python',
  tag: '3',
  version: '1',
  packages: ['ca-certificates', 'python3-minimal', 'libpython3-stdlib'],
  files: {},
  run: [
    'rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /usr/share/doc/* /usr/share/man/* /usr/share/locale/*',
  ],
};

/** Base images for apps by the name that stands in app.build_args, which the local cloud makes since it asks no registry. */
const APP_BASES: Readonly<Record<string, () => Promise<RootRecipe>>> = {
  'anny-local/node:24': nodeApp,
  'anny-local/python:3': async () => PYTHON_APP,
};

/** Recipe of "anny-local/python:3"; undefined for an image that is none of the local cloud's. */
export async function appBase(image: string): Promise<RootRecipe | undefined> {
  return APP_BASES[image]?.();
}

/** The base images that a config.yaml names; Anny's own where there is none. */
export function basesIn(config: string | undefined): readonly string[] {
  const [anny = ''] = Object.keys(APP_BASES);
  return config === undefined ? [anny] : Object.keys(APP_BASES).filter((image) => config.includes(image));
}
