import type { ContainerCreateOptions } from 'dockerode';
import type { MachineSpec } from './hypervisor.ts';
import { type CloudPlace, networkName } from './place.ts';

export interface ContainerShape {
  readonly place: CloudPlace;
  /** File on the host that is every machine's /etc/resolv.conf. */
  readonly resolvConf: string;
  readonly privileged: boolean;
}

/** What systemd, Docker, UFW and fail2ban need inside, where the host cannot give everything. */
const CAPABILITIES = [
  'SYS_ADMIN',
  'NET_ADMIN',
  'NET_RAW',
  'SYS_PTRACE',
  'SYS_MODULE',
  'DAC_READ_SEARCH',
  'SYS_CHROOT',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SYS_NICE',
  'SYS_TIME',
  'SYSLOG',
  'MKNOD',
  'IPC_LOCK',
  'LINUX_IMMUTABLE',
  'BLOCK_SUSPEND',
];

export function containerOptions(
  { place, resolvConf, privileged }: ContainerShape,
  machine: { readonly spec: MachineSpec; readonly address: string; readonly image: string; readonly volume: string },
): ContainerCreateOptions {
  return {
    Image: machine.image,
    Hostname: machine.spec.hostname,
    Cmd: machine.spec.boots === false ? ['sleep', 'infinity'] : ['/sbin/init'],
    Env: ['container=docker'],
    // systemd's clean stop, should the engine itself be stopped.
    StopSignal: 'SIGRTMIN+3',
    HostConfig: {
      ...(privileged ? { Privileged: true } : { CapAdd: CAPABILITIES }),
      SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
      MaskedPaths: [],
      ReadonlyPaths: [],
      // The engine's API has it, its types do not yet.
      ...{ CgroupnsMode: 'host' },
      Binds: [
        '/sys/fs/cgroup:/sys/fs/cgroup:rw',
        `${machine.volume}:/var/lib/docker`,
        `${resolvConf}:/etc/resolv.conf:ro`,
      ],
      Tmpfs: { '/run': 'exec,mode=755', '/run/lock': '', '/tmp': 'exec,mode=1777' },
      NetworkMode: networkName(place),
      PidsLimit: 4096,
    },
    NetworkingConfig: { EndpointsConfig: { [networkName(place)]: { IPAMConfig: { IPv4Address: machine.address } } } },
  };
}
