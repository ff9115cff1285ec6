import { z } from 'zod';
import { duration } from './duration.ts';

/** What is allowed, in words: our messages show them, and so do editors that know `errorMessage`. */
function text(pattern: RegExp, words: string) {
  return z.string().regex(pattern, words).meta({ errorMessage: words });
}

export const NAME_PATTERN = /^[a-z][a-z0-9-]{0,30}$/;

const name = text(NAME_PATTERN, 'lower-case letters, digits and dashes, starting with a letter, at most 31');
const port = z.int().min(1).max(65535);
const absolutePath = text(/^\//, 'an absolute path');
const variable = text(/^[A-Za-z_][A-Za-z0-9_]*$/, "a variable's name: letters, digits and underscores");
export const PUBLIC_KEY_PATTERN = /^(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/]{20,}={0,2}( .*)?$/;
const publicKey = text(PUBLIC_KEY_PATTERN, 'a public SSH key: ssh-ed25519 AAAA…');
const fileName = text(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/, 'a file name without directories');

const app = z.strictObject({
  name: name.default('anny').meta({ description: 'Names the container, the image and the directory under /opt.' }),
  context: z.string().default('app').meta({ description: 'Build context, relative to config.yaml.' }),
  dockerfile: z.string().default('Dockerfile'),
  build_args: z.record(variable, z.string()).default({}),
  port: port.default(8000).meta({ description: 'Port that the app listens on in its container.' }),
  health: text(/^\//, 'a path that starts with /').default('/health'),
  state_volume: name.default('anny-memory').meta({ description: 'Named volume that holds all state of the app.' }),
  state_path: absolutePath.default('/home/anny/.anny'),
  environment: z.record(variable, z.string()).default({}).meta({ description: 'Plain settings; secrets go to .env.' }),
  secrets: z.array(variable).default(['ANNY_API_KEY']).meta({
    description: "Names of secrets, taken from the environment or .env, that land in the machine's .env.",
  }),
  secret_files: z.record(fileName, variable).default({ 'service-account.json': 'ANNY_SERVICE_ACCOUNT_FILE' }).meta({
    description: 'File name under /secrets in the container -> variable that holds its local path; skipped when unset.',
  }),
  config_file: z
    .string()
    .default('app/config.yaml')
    .meta({ description: 'Mounted read-only at /app/config.yaml; "" for none.' }),
  export: z.string().default('').meta({
    description:
      'Program of your own, run in a copy of the state: leaves the one file that `backup export` gives. "" for none.',
  }),
  uid: z.int().min(1).default(1000),
  stop_grace: duration.prefault('10s'),
});

/** What outlives releases, as far as `infra` above it does not say it already; docs/foundation.md. */
const foundation = z.strictObject({
  backend: text(
    /^$|^[a-z0-9]+:\/\//,
    '"" or the URL of a Pulumi backend, such as s3://bucket or https://api.pulumi.com',
  )
    .default('')
    .meta({ description: 'Where Pulumi keeps its state and its lock; "" is .anny/foundation beside config.yaml.' }),
  ssh_keys: z.record(name, publicKey).default({}).meta({
    description: 'Further SSH keys of the account, those of other operators: name -> public key.',
  }),
  reserved_ip: z.boolean().default(false).meta({ description: 'Keep an IPv4 address in infra.vultr_region.' }),
  vpc: text(/^$|^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/, '"" or a private network, such as 10.42.0.0/24')
    .default('')
    .meta({ description: 'Private network in infra.vultr_region; "" for none.' }),
  object_storage_cluster: z.int().min(0).default(0).meta({
    description: 'Number of the cluster at Vultr that holds an object storage for backups; 0 for none.',
  }),
  protect: z.boolean().default(true).meta({
    description: 'Domain, object storage and reserved IP cannot be destroyed; false, then `anny-infra up`, lifts it.',
  }),
});

const infra = z.strictObject({
  api_url: z.url().default('https://api.vultr.com/v2'),
  vultr_plan: z.string().default('vc2-1c-1gb'),
  vultr_region: z.string().default('ewr'),
  vultr_os_id: z
    .union([
      z.int().min(1),
      z
        .string()
        .regex(/^[1-9]\d*$/)
        .transform(Number),
    ])
    .prefault(2284)
    .meta({
      description: 'Ubuntu 24.04 LTS x64 is 2284, Debian 12 x64 is 2136.',
      errorMessage: 'the number of an operating system at Vultr, such as 2284',
    }),
  vultr_label: name.default('anny'),
  parent_domain: text(/^([a-z0-9-]+\.)+[a-z0-9-]{2,}$/, 'a domain in lower case, such as example.com').default(
    'membies.com',
  ),
  subdomain: text(
    /^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)?$/,
    'lower-case letters, digits, dashes and dots, or "" for the domain itself',
  )
    .default('anny')
    .meta({ description: '"" for the domain itself.' }),
  ssh_key_name: z
    .string()
    .default('webengine-deploy')
    .meta({ description: "Name of the account's key that machines let in, where one person operates them." }),
  ssh_key_names: z.array(z.string().min(1)).default([]).meta({
    description: 'In place of ssh_key_name where several do: all of these, each with a private key of their own.',
  }),
  ssh_private_key: z
    .string()
    .default('~/.ssh/webengine_deploy')
    .meta({ description: 'Path; the key itself never leaves this computer.' }),
  firewall_group: z
    .string()
    .default('')
    .meta({ description: 'Description of a firewall group of the account; "" for none.' }),
  instance_limit: z.int().min(0).default(0).meta({
    description:
      'Machines that the account may have at once, as its page of limits says; 0 for not known. The API does not tell.',
  }),
  name_servers: z
    .array(text(/^[A-Za-z0-9.:[\]-]+$/, 'an address or name, with a port if it is not 53: "10.77.0.1:53"'))
    .default([])
    .meta({ description: "Asked for the zone; [] asks the zone's own NS records." }),
  public_resolvers: z
    .array(text(/^[A-Za-z0-9.:[\]-]+$/, 'an address or name, with a port if it is not 53: "1.1.1.1"'))
    .default(['1.1.1.1', '8.8.8.8', '9.9.9.9'])
    .meta({
      description: 'Whose answers a switch shows at its end, beside those of the name servers; they decide nothing.',
    }),
  foundation: foundation.prefault({}),
});

/** Moments of a command at which a program of the operator's own runs; docs/hooks.md. */
export const HOOK_EVENTS = [
  ...['pre-promote', 'pre-handover', 'post-switch', 'post-promote', 'pre-rollback', 'post-rollback'],
  ...['pre-restore', 'post-restore', 'pre-retire', 'post-retire', 'on-failure'],
] as const;
export type HookEvent = (typeof HOOK_EVENTS)[number];

const deploy = z.strictObject({
  ttl: duration
    .prefault('300s')
    .meta({ description: 'TTL of the record when it is created; a longer one is lowered ahead of a promote.' }),
  switch: z.enum(['dns', 'reserved_ip']).default('dns').meta({
    description:
      'What moves traffic to a new writer: the A record, or a reserved IP of infra.vultr_region that the record leads to; docs/switching.md.',
  }),
  boot_timeout: duration.prefault('20m'),
  health: z
    .strictObject({
      interval: duration.prefault('1s'),
      timeout: duration.prefault('5s'),
      successes: z.int().min(1).default(3).meta({ description: 'Good answers in a row that open the gate.' }),
      wait: duration.prefault('60s').meta({ description: 'How long an app may take to become healthy.' }),
      failure_limit: z.int().min(0).default(0).meta({
        description: 'So many failures end the gate before the wait is over; 0: only the wait does.',
      }),
      inconclusive_limit: z.int().min(0).default(0).meta({
        description: 'The same for answers that say nothing about the machine, such as no network here.',
      }),
    })
    .prefault({}),
  hold_budget: duration
    .prefault('20s')
    .meta({ description: 'No commit within it, and the old machine resumes by itself.' }),
  watch: duration.prefault('15s').meta({ description: 'How long the new writer is watched after the switch.' }),
  watch_failure_limit: z.number().min(0).max(1).default(0.05).meta({
    description:
      'Share of bad health answers that is tolerated; of 5xx as well, where nothing is known of the hour before.',
  }),
  watch_warm_up: duration
    .prefault('3s')
    .meta({ description: 'What clients get so soon after the switch is not judged; a quarter of the watch at most.' }),
  watch_requests: z.int().min(1).default(20).meta({ description: 'Fewer requests in a look say nothing.' }),
  watch_error_margin: z.number().min(0).max(1).default(0.01).meta({
    description: 'Share of 5xx above that of the hour before that is tolerated: 0.01 is one point of a hundred.',
  }),
  watch_latency_factor: z.number().min(1).default(3).meta({
    description: 'Bad when p95 is so many times that of the hour before, and longer by watch_latency_margin.',
  }),
  watch_latency_margin: duration.prefault('250ms'),
  standby_window: duration.prefault('24h').meta({ description: 'The old machine is kept at least this long.' }),
  retire: z.enum(['auto', 'manual']).default('auto').meta({
    description: 'auto: a promote that went well destroys standbys that are due; the newest always stays.',
  }),
  smoke: z
    .string()
    .default('')
    .meta({ description: 'Script run against the candidate with ANNY_BASE_URL; "" for none.' }),
  hooks: z
    .partialRecord(z.enum(HOOK_EVENTS), z.string().min(1))
    .default({})
    .meta({ description: 'Event -> program of your own, relative to config.yaml; docs/hooks.md.' }),
  hook_timeout: duration.prefault('60s').meta({ description: 'A hook that runs longer is ended, and has failed.' }),
});

const backup = z.strictObject({
  repository: text(
    /^($|s3:https?:\/\/[^\s:@/]+(:\d+)?\/\S+|rest:https?:\/\/([^\s:@/]+@)?[^\s:@/]+(:\d+)?\/\S*|sftp:(\/\/)?[^\s:@/]+@[^\s@]+|\/\S+)/,
    'a restic repository, without a password in it: s3:https://HOST/BUCKET/PATH, rest:https://USER@HOST/PATH, sftp:USER@HOST:/PATH, or a path on the machine',
  )
    .default('')
    .meta({ description: 'Where backups are kept; "" for nowhere. Its password is ANNY_BACKUP_PASSWORD in .env.' }),
  ssh_host_key: text(/^($|ssh-ed25519 [A-Za-z0-9+/=]{60,80}$)/, 'an ed25519 host key: "ssh-ed25519 AAAA…"')
    .default('')
    .meta({ description: 'Of the host of an sftp: repository; `ssh-keyscan -t ed25519 HOST` tells it.' }),
  dir: absolutePath.default('/opt/anny/backups').meta({
    description: 'On the machine: a copy of the state that the next backup begins with, and what restic remembers.',
  }),
  retention_days: z.int().min(1).default(7),
  schedule: z.string().default('*-*-* 02:00:00').meta({ description: 'systemd calendar expression.' }),
  after_change: duration.prefault('40s').meta({
    description: 'So long after a backup the data is looked at again; what has changed is backed up.',
  }),
  stale_after: duration.prefault('36h').meta({
    description: 'An older backup is restored only with --lose-writes, or by its name.',
  }),
});

const tls = z.strictObject({
  email: z.string().default('').meta({ description: 'For the issuer; also CERTBOT_EMAIL.' }),
  acme_server: z.url().default('https://acme-v02.api.letsencrypt.org/directory').meta({
    description: "The issuer's ACME directory. For trying: https://acme-staging-v02.api.letsencrypt.org/directory",
  }),
  weekly_limit: z.int().min(1).default(5).meta({
    description: "Certificates that the issuer gives for one name in 7 days: Let's Encrypt's limit is 5.",
  }),
  extra_ca: z
    .string()
    .default('')
    .meta({ description: 'File with certificates that this environment trusts besides the system ones.' }),
});

const monitor = z.strictObject({
  interval: duration.prefault('5m'),
  timeout: duration.prefault('10s'),
});

const trackerUrl = text(/^$|^https?:\/\/\S+$/, '"" or a URL');

const image = z.strictObject({
  name: name.default('anny').meta({ description: 'Image definition that promote brings up.' }),
  max_age: duration.prefault('7d').meta({
    description: 'An image whose packages are older is baked again, from the stock system on, for its updates.',
  }),
  docker: z.enum(['official', 'distribution']).default('official'),
  upgrade: z.boolean().default(true).meta({ description: 'Bring all system packages up to date in the bake.' }),
  snapshot_timeout: duration.prefault('90m'),
  hardening: z.boolean().default(true).meta({ description: 'Hold images to the bar that tests.hardening sets.' }),
  vulnerabilities: z
    .strictObject({
      debian: trackerUrl.default('https://security-tracker.debian.org/tracker/data/json').meta({
        description: 'Debian\'s security tracker as one JSON document; "" asks nobody.',
      }),
      ubuntu: trackerUrl.default('https://api.osv.dev/v1').meta({
        description: 'An OSV server that has the records of Ubuntu; "" asks nobody.',
      }),
      timeout: duration.prefault('2m').meta({ description: 'For all of it: then the answer is "not checked".' }),
    })
    .prefault({})
    .meta({ description: 'Where known vulnerabilities of packages are asked for.' }),
  signing_key: z
    .string()
    .default('')
    .meta({ description: 'Private SSH key that signs what is baked here; "" is infra.ssh_private_key.' }),
  signers: z.record(name, publicKey).default({}).meta({
    description: 'Who may sign images: name -> public SSH key. With any, promote refuses what none of them signed.',
  }),
});

/** In US dollars a month. */
const price = z.number().min(0);

const prices = z.strictObject({
  snapshot_gb: price.default(0.05).meta({ description: 'For each GB that is kept of a snapshot.' }),
  reserved_ip: price.default(3).meta({ description: 'For a reserved IPv4 address.' }),
  object_storage: price
    .default(18)
    .meta({ description: "For an object storage with its first TB, in Vultr's Standard tier." }),
});

/** All sections. Every key has a default that works, or says plainly that it must be given. */
export const configSchema = z.strictObject({
  app: app.prefault({}),
  infra: infra.prefault({}),
  deploy: deploy.prefault({}),
  backup: backup.prefault({}),
  tls: tls.prefault({}),
  monitor: monitor.prefault({}),
  image: image.prefault({}),
  prices: prices.prefault({}).meta({ description: "What the account's API does not tell; docs/cost.md." }),
});

export type Config = z.infer<typeof configSchema>;
