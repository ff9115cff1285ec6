import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Definition, readChain } from './definition.ts';
import { ownFiles, textOf } from './trial/programs.ts';
import { ownSettings } from './trial/project.ts';

/** What docs/architecture.md and the operators' rules promise of every machine; nginx's part is tried in nginx.test.ts. */

const ROOT = join(import.meta.dirname, '..');

async function ownChain(): Promise<readonly Definition[]> {
  const settings = await ownSettings('production');
  return readChain(settings.directory, settings.config.image.name);
}

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      ports: z.array(z.string()),
      user: z.string(),
      restart: z.string(),
      read_only: z.literal(true),
      cap_drop: z.array(z.string()),
      security_opt: z.array(z.string()),
      volumes: z.array(
        z.object({ type: z.string(), source: z.string(), target: z.string(), read_only: z.boolean().optional() }),
      ),
      logging: z.object({ driver: z.string(), options: z.record(z.string(), z.string()) }),
    }),
  ),
  volumes: z.record(z.string(), z.unknown()),
});

describe.each(['production', 'local'])('the container in environment %s', (environment) => {
  test('is reached through nginx alone, not as root, with rotated logs and one place to write', async () => {
    const compose = composeSchema.parse(parse(textOf(await ownFiles(environment), '/opt/anny/docker-compose.yml')));
    const service = compose.services.anny;
    expect(service).toMatchObject({
      ports: ['127.0.0.1:8000:8000'],
      user: '1000:1000',
      // Systemd starts it, on a writer only: Docker by itself must not, after a power cut.
      restart: 'on-failure',
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
    });
    expect(service?.volumes.filter((volume) => volume.read_only !== true)).toEqual([
      { type: 'volume', source: 'anny-memory', target: '/home/anny/.anny' },
    ]);
    expect(service?.volumes).toContainEqual({
      ...{ type: 'bind', source: '/opt/anny/config.yaml', target: '/app/config.yaml', read_only: true },
    });
    expect(Object.keys(compose.volumes)).toEqual(['anny-memory']);
  });
});

test('the app tells Docker how it feels, and is not root', async () => {
  const dockerfile = await readFile(join(ROOT, 'app', 'Dockerfile'), 'utf8');
  expect(dockerfile).toMatch(/^HEALTHCHECK --interval=30s --timeout=5s --retries=3 /m);
  expect(dockerfile).toMatch(/^USER 1000:1000$/m);
});

test('deploy may do one thing with privilege', async () => {
  const rules = textOf(await ownFiles(), '/etc/sudoers.d/deploy')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('Defaults'));
  expect(rules).toEqual(['deploy ALL=(root) NOPASSWD: /usr/local/sbin/anny-box']);
});

test("Docker's logs are rotated, and containers survive a restart of it", async () => {
  expect(JSON.parse(textOf(await ownFiles(), '/etc/docker/daemon.json'))).toMatchObject({
    'log-driver': 'json-file',
    'log-opts': { 'max-size': '10m', 'max-file': '3' },
    'live-restore': true,
  });
});

describe('the images', () => {
  test('open 22 (limited), 80 and 443 and nothing else, whatever the stock system had open', async () => {
    const ufw = (await ownChain()).flatMap(({ run }) => run).filter((line) => line.startsWith('ufw '));
    expect(ufw).toEqual([
      'ufw --force reset',
      'ufw default deny incoming',
      'ufw default allow outgoing',
      'ufw limit 22/tcp',
      'ufw allow 80/tcp',
      'ufw allow 443/tcp',
      'ufw --force enable',
    ]);
  });

  test('test what they promise: firewall, jail, users, ports', async () => {
    const tests = (await ownChain()).map((definition) => definition.tests);
    expect(tests.flatMap(({ firewall }) => firewall)).toEqual([
      { default: 'deny' },
      { limit: '22/tcp' },
      { allow: '80/tcp' },
      { allow: '443/tcp' },
    ]);
    expect(tests.flatMap(({ jails }) => jails)).toEqual([{ name: 'sshd', maxretry: 5, bantime: 3600, findtime: 600 }]);
    expect(tests.flatMap(({ users }) => users)[0]).toMatchObject({
      name: 'deploy',
      not_groups: ['docker', 'sudo', 'root'],
    });
    expect(
      tests.flatMap(({ ports }) => ports).map((one) => `${one.port} ${'from' in one ? one.from : one.address}`),
    ).toEqual([...['22 any', '80 any', '443 any']]);
  });

  test('make the directories with their owners and modes', async () => {
    const directories = (await ownChain()).flatMap((definition) => definition.directories);
    expect(directories.map(({ path, owner, mode }) => `${mode} ${owner} ${path}`)).toEqual([
      '0755 root:root /opt/anny',
      '0700 root:root /opt/anny/backups',
      '0755 root:root /etc/anny',
      '0700 root:root /var/lib/anny',
      '0755 root:root /var/www/acme',
      '0700 root:root /opt/anny/secrets',
      '0755 root:root /var/log/anny',
    ]);
  });

  test('start the app and its timers by the role alone', async () => {
    const files = await ownFiles();
    const enabled = (await ownChain()).flatMap(({ services }) => services.enable);
    expect(enabled).not.toContain('anny-app');
    expect(textOf(files, '/etc/systemd/system/anny-app.service')).toContain('ConditionPathIsDirectory=/run/anny/app');
    for (const job of ['backup', 'monitor', 'certificate']) {
      expect(textOf(files, `/etc/systemd/system/anny-${job}.service`)).toContain(
        'ExecCondition=/usr/local/lib/anny/is-writer',
      );
    }
    expect(textOf(files, '/etc/systemd/system/anny-backup.timer')).toContain('OnCalendar=*-*-* 02:00:00');
    expect(textOf(files, '/etc/systemd/system/anny-monitor.timer')).toContain('OnUnitActiveSec=300s');
  });
});
