import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { LOCAL_REPOSITORY_PASSWORD } from '../cloud/local/place.ts';
import type { CloudUp } from '../cloud/local/up.ts';

export const ROOT = join(import.meta.dirname, '..');
export const NAME = 'anny.anny.test';

/** A project of its own for the demo, as a user would have one: config.yaml, .env, the app. Nothing outside it is touched. */
export interface DemoProject {
  readonly directory: string;
  readonly apiKey: string;
  /** "10.78.0.1:53" */
  readonly nameServer: string;
  /** Path of the certificates that the local cloud's issuer signs with. */
  readonly trust: string;
}

const PASSWORD_BYTES = 24;

/** Writes the project anew. */
export async function makeProject(directory: string, cloud: CloudUp, apiKey: string): Promise<DemoProject> {
  for (const name of ['app', '.anny/journal-demo.jsonl']) {
    await rm(join(directory, name), { recursive: true, force: true });
  }
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await cp(join(ROOT, 'app'), join(directory, 'app'), {
    recursive: true,
    filter: (path) => !path.includes('node_modules') && !path.endsWith('.test.ts'),
  });
  await writeFile(join(directory, 'config.yaml'), stringify(demoConfig(cloud)));
  await writeFile(
    join(directory, '.env'),
    [
      ...[`VULTR_API_KEY=${cloud.apiKey}`, `ANNY_API_KEY=${apiKey}`],
      `ANNY_BACKUP_PASSWORD=${randomBytes(PASSWORD_BYTES).toString('base64url')}`,
      ...[`RESTIC_REST_PASSWORD=${LOCAL_REPOSITORY_PASSWORD}`, ''],
    ].join('\n'),
    { mode: 0o600 },
  );
  return { directory, apiKey, nameServer: cloud.nameServer, trust: cloud.trust };
}

function demoConfig(cloud: CloudUp): object {
  return {
    app: {
      build_args: { BASE_IMAGE: 'anny-local/node:24' },
      // The demo writes faster than a client of 60 requests a minute may.
      environment: { ANNY_RATE_LIMIT: '0' },
      export: 'app/export.ts',
    },
    infra: {
      api_url: cloud.apiUrl,
      parent_domain: cloud.zone,
      subdomain: NAME.slice(0, -cloud.zone.length - 1),
      ssh_key_name: 'anny-local',
      ssh_private_key: '.anny/local/ssh_key',
      name_servers: [cloud.nameServer],
      public_resolvers: [],
    },
    deploy: {
      ttl: '60s',
      watch: '1s',
      standby_window: '1m',
      smoke: 'app/smoke.sh',
      health: { interval: '200ms' },
    },
    backup: { repository: `${cloud.repositories}demo/` },
    tls: { email: `ops@${cloud.zone}`, acme_server: cloud.acme, extra_ca: '.anny/local/trust.pem' },
    // The bar of its definition is held to by `make bench ONLY=bake`; lynis takes half a minute.
    image: { docker: 'distribution', hardening: false },
    environments: { demo: {} },
  };
}

/** A change of the app that everybody can see afterwards: the description of its API. Returns the new one. */
export async function changeApp({ directory }: DemoProject, at: Date): Promise<string> {
  const path = join(directory, 'app', 'documentation.ts');
  const before = await readFile(path, 'utf8');
  const description = `Changed by the demo at ${at.toISOString()}.`;
  const after = before.replace(/description: '[^']*'/, `description: '${description}'`);
  if (after === before) throw new Error(`${path} has no description to change`);
  await writeFile(path, after);
  return description;
}

/** The secrets of the demo come from its own .env, whatever stands in the user's environment. */
export function demoEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(ANNY_|VULTR_|RESTIC_|AWS_|CERTBOT_EMAIL$|ALERT_WEBHOOK_URL$)/;
  const kept = Object.entries(env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(kept), ANNY_ENV: 'demo' };
}
