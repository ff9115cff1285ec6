import { subdomainOf, type Wishes } from './wishes.ts';

/** How the app lies here. */
export type App =
  /** Anny's own, a copy to begin with. */
  | { readonly kind: 'example'; readonly isThere: boolean }
  /** There already, with its Dockerfile. */
  | { readonly kind: 'own'; readonly context: string; readonly port: number };

const quoted = (text: string): string => JSON.stringify(text);

/** A first config.yaml: what was asked, and what most people change. Everything else has a default. */
export function configText(wishes: Wishes, app: App, signer: { name: string; publicKey: string }): string {
  return `# Everything that is not a secret; secrets stand in .env. Keys left out have a default:
# \`anny-bluegreen config show\` prints every key with its value and where it came from.

infra:
  parent_domain: ${wishes.zone}
  subdomain: ${quoted(subdomainOf(wishes))} # "" for the domain itself
  vultr_region: ${wishes.region}
  vultr_plan: ${wishes.plan}
  vultr_label: ${wishes.app}
  ssh_key_name: ${quoted(wishes.sshKeyName)} # as the account calls it
  ssh_private_key: ${quoted(wishes.sshKey)}

${appSection(wishes.app, app)}
deploy:
  standby_window: 24h # the old machine stays this long, for the way back${app.kind === 'example' ? '\n  smoke: app/smoke.sh # run with ANNY_BASE_URL against every new machine' : ''}

backup:
  repository: ${quoted(wishes.repository)}${wishes.repository === '' ? ' # none: s3:https://ewr1.vultrobjects.com/BUCKET/PATH, sftp:…, rest:…' : ''}
  retention_days: 7

tls:
  email: ${quoted(wishes.email)} # where the certificate's issuer writes to

image:
  signing_key: ${quoted(signingKeyOf(wishes))} # signs what is baked here
  signers: # promote refuses what none of them signed
    ${signer.name}: ${quoted(signer.publicKey)}
`;
}

/** Apart from the key that logs in, which may be replaced any day. */
export function signingKeyOf({ sshKey }: Pick<Wishes, 'sshKey'>): string {
  return `${sshKey}_signing`;
}

function appSection(name: string, app: App): string {
  if (app.kind === 'example') {
    return `app: # Anny's own, a memory with an API, to begin with
  name: ${name}
  context: app
  secrets: [ANNY_API_KEY] # names only; the values stand in .env
`;
  }
  return `app:
  name: ${name}
  context: ${quoted(app.context)}
  port: ${app.port} # that it listens on in its container
  health: /health # answers 2xx when it can serve
  state_volume: ${name}-data
  state_path: /data # all data of the app: it moves with every promote
  environment: {} # plain settings
  secrets: [] # names of variables; the values stand in .env
  secret_files: {}
  config_file: ""
  uid: 1000
`;
}
