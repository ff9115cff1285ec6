import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test as plain } from 'vitest';
import { startNameServer } from '../../cloud/local/name-server.ts';
import { loadSettings } from '../../config/load.ts';
import { makeMachine } from '../../test/cloud/scene.ts';
import { DOMAIN, ENV, stateOf, preflightTest as test, wrong } from '../../test/preflight-scene.ts';
import { answering, seen } from '../../test/simulation/example-releases.ts';
import { resticBackups } from '../restic/restic-backups.ts';
import { serversOf } from './delegation.ts';
import { issuerBudget } from './issuer-check.ts';

describe('the zone', () => {
  test('that the account does not have blocks', async ({ scene }) => {
    await scene.api.ask('DELETE', `/domains/${DOMAIN}`);
    expect(wrong(await scene.look()).zone).toMatch(/^blocks the account has no zone example\.test/);
  });

  test('with a second record of the name blocks, as it does for a promote', async ({ scene }) => {
    const record = { name: 'anny', type: 'A', data: '192.0.2.9', ttl: 300 };
    await scene.api.ask('POST', `/domains/${DOMAIN}/records`, record);
    await scene.api.ask('POST', `/domains/${DOMAIN}/records`, { ...record, data: '192.0.2.10' });
    expect(wrong(await scene.look()).zone).toMatch(/^blocks .*it has A 192\.0\.2\.9, A 192\.0\.2\.10/);
  });

  test.for([
    [
      { kind: 'delegated', to: ['a.iana-servers.net'] },
      /^blocks .*is delegated to a\.iana-servers\.net: records .*ns1/,
    ],
    [{ kind: 'delegated', to: ['a.iana-servers.net', 'ns1.vultr.com', 'ns2.vultr.com'] }, /^warning .*led elsewhere/],
    [{ kind: 'nowhere', why: 'ENOTFOUND' }, /^blocks .*leads nowhere/],
    [{ kind: 'unasked', why: 'ETIMEOUT' }, /^unknown this computer's resolver/],
    [{ kind: 'configured', servers: [{ server: '192.0.2.1:53', problem: 'ETIMEOUT' }] }, /^blocks .*says ETIMEOUT/],
    [
      {
        kind: 'configured',
        servers: [{ server: '192.0.2.1' }, { server: 'ns2', problem: 'its address cannot be found', unfound: true }],
      },
      /^warning ns2 cannot be asked: its address cannot be found .*the others alone/,
    ],
    [
      { kind: 'configured', servers: [{ server: 'ns2', problem: 'its address cannot be found', unfound: true }] },
      /^blocks .*ns2 cannot be asked/,
    ],
  ] as const)('that is %j', async ([served, says], { scene }) => {
    expect(wrong(await scene.look({ serversOf: async () => served })).delegation).toMatch(says);
  });

  plain("is asked of real servers: its own where they are named, this computer's resolver otherwise", async () => {
    const record = { type: 'NS', name: '', ttl: 300 };
    const records = [
      { ...record, data: 'ns1.vultr.com' },
      { ...record, data: 'ns2.vultr.com' },
      { ...record, type: 'A', name: 'ns', data: '127.0.0.1' },
    ];
    const zones = () => [{ domain: DOMAIN, records }];
    const server = await startNameServer({ address: '127.0.0.1', port: 0, zones, upstream: [] });
    const at = `127.0.0.1:${server.port}`;
    const resolver = new Resolver();
    resolver.setServers([at]);
    expect(await serversOf(DOMAIN, [at])).toEqual({ kind: 'configured', servers: [{ server: at }] });
    const named = [`ns.${DOMAIN}:${server.port}`, `gone.${DOMAIN}`];
    expect(await serversOf(DOMAIN, named, resolver)).toEqual({
      kind: 'configured',
      servers: [
        { server: named[0] },
        { server: named[1], problem: expect.stringContaining('its address cannot be found'), unfound: true },
      ],
    });
    expect(await serversOf(DOMAIN, [], resolver)).toEqual({
      kind: 'delegated',
      to: ['ns1.vultr.com', 'ns2.vultr.com'],
    });
    expect(await serversOf('other.test', [at])).toMatchObject({
      servers: [{ server: at, problem: expect.any(String) }],
    });
    expect(['nowhere', 'unasked']).toContain((await serversOf('other.test', [], resolver)).kind);
    await server.close();
  });

  test('without the firewall group that is named blocks', async ({ scene }) => {
    const results = await scene.look({}, { infra: { vultr_plan: 'vc2-1c-2gb', firewall_group: 'others' } });
    expect(stateOf(results, 'firewall')).toContain('the account has web');
  });
});

describe('the issuer', () => {
  const issuer = { server: 'acme', issuedInWeek: 5, weeklyLimit: 5, failures: 0, failure: '', nextTryAt: 0 };
  const none = { kind: 'none', name: '', issuer: '', notAfter: 0 } as const;

  test('that gives no more blocks, where a certificate is missing', async ({ scene }) => {
    const world = seen([answering(1, 'writer', { certificate: none, issuer })]);
    expect(wrong(await scene.look({ observed: async (look) => look(world) })).issuer).toMatch(
      /^blocks .*5 of 5 certificates issued/,
    );
  });

  plain('is asked for nothing where there is a certificate, and not known without a live machine', () => {
    expect(issuerBudget(seen([answering(1, 'writer', { issuer })]), 5).state).toBe('ok');
    expect(issuerBudget(seen([answering(1, 'writer', { certificate: none })]), 5).state).toBe('ok');
    expect(issuerBudget(seen([answering(1, 'relay')]), 5).state).toBe('unknown');
  });
});

describe('backups', () => {
  test('that nobody keeps, or the machine itself, are something to know of', async ({ scene }) => {
    const results = await scene.look({}, { backup: { repository: '/mnt/backups' } });
    expect(stateOf(results, 'backup place')).toMatch(/^warning .*on the machine that it protects/);
    const settings = await loadSettings({ directory: scene.directory, env: {} });
    const none = { ...resticBackups(settings), configured: false };
    expect(stateOf(await scene.look({ backups: none }), 'backups')).toMatch(/^warning backup\.repository is empty/);
  });

  test('in a repository that does not open from here block, and the reason is told', async ({ scene }) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    server.close();
    const config = { backup: { repository: `rest:http://127.0.0.1:${port}/x/` } };
    await scene.look({}, config);
    const settings = await loadSettings({ directory: scene.directory, env: {} });
    const results = await scene.look({ backups: resticBackups(settings) }, config);
    expect(stateOf(results, 'backups')).toMatch(/^blocks rest:http.* does not open from this computer: .*refused/);
  });

  test.for([
    ['rest:http://anny@app.example.test:8000/x/', ['10.77.0.10']],
    ['sftp:anny@10.77.0.10:/backups', []],
    [`s3:https://anny.${DOMAIN}/bucket/x`, []],
  ] as const)(
    'at %s, which is a machine that they are of, are warned of',
    async ([repository, addresses], { scene }) => {
      await makeMachine(scene.api, { tags: ['anny'] });
      const { json } = await scene.api.ask('GET', '/instances');
      const [, machine] = (json as { instances: { main_ip: string }[] }).instances;
      const own = machine?.main_ip ?? '';
      const config = { backup: { repository: repository.replace('10.77.0.10', own) } };
      const addressesOf = async (): Promise<readonly string[]> => addresses.map(() => own);
      await scene.write('.env', `${ENV}RESTIC_REST_PASSWORD=p\nAWS_ACCESS_KEY_ID=a\nAWS_SECRET_ACCESS_KEY=b\n`);
      expect(stateOf(await scene.look({ addressesOf }, config), 'backup place')).toMatch(
        /^warning .*takes the backups with/,
      );
      const elsewhere = { backup: { repository: 's3:https://elsewhere.test/b/x' } };
      const found = await scene.look({ addressesOf: async () => ['192.0.2.77'] }, elsewhere);
      expect(stateOf(found, 'backup place')).toBe('ok elsewhere.test is none of the machines');
      expect(stateOf(await scene.look({}, elsewhere), 'backup place')).toMatch(
        /^unknown this computer does not find elsewhere\.test/,
      );
    },
  );
});

test('backups at a reserved IP that leads to one of the machines are warned of', async ({ scene }) => {
  await makeMachine(scene.api, { tags: ['anny'] });
  const { json } = await scene.api.ask('GET', '/instances');
  const [, machine] = (json as { instances: { id: string }[] }).instances;
  const made = await scene.api.ask('POST', '/reserved-ips', { region: 'ewr', ip_type: 'v4', label: 'x' });
  const { id, subnet } = (made.json as { reserved_ip: { id: string; subnet: string } }).reserved_ip;
  await scene.write('.env', `${ENV}RESTIC_REST_PASSWORD=p\n`);
  const look = async () =>
    stateOf(await scene.look({}, { backup: { repository: `rest:http://anny@${subnet}/x/` } }), 'backup place');
  expect(await look()).toBe(`ok ${subnet} is none of the machines`);
  await scene.api.ask('POST', `/reserved-ips/${id}/attach`, { instance_id: machine?.id ?? '' });
  expect(await look()).toMatch(/^warning .*takes the backups with/);
});

describe('this computer', () => {
  test('without a secret of the app blocks, and names it alone', async ({ scene }) => {
    await scene.write('.env', 'VULTR_API_KEY=k\n');
    expect(wrong(await scene.look())).toEqual({
      secrets: expect.stringMatching(/^blocks .*ANNY_API_KEY \(app\.secrets\)/),
    });
  });

  test('with an .env that others may read warns', async ({ scene }) => {
    await chmod(join(scene.directory, '.env'), 0o640);
    expect(wrong(await scene.look())).toEqual({
      '.env': expect.stringMatching(/^warning \.env can be read.*chmod 600 /),
    });
  });

  test('without a program that is needed blocks', async ({ scene }) => {
    const hasProgram = async (name: string): Promise<boolean> => name !== 'restic';
    expect(wrong(await scene.look({ hasProgram }))).toEqual({
      programs: 'blocks restic missing on this computer → apt-get install restic',
    });
  });

  test('without a program of its own that the configuration names blocks', async ({ scene }) => {
    const results = await scene.look({}, { deploy: { smoke: 'nowhere.sh' } });
    expect(stateOf(results, 'own programs')).toMatch(/^blocks .*there is no file nowhere\.sh/);
  });

  test('never shows a secret', async ({ scene }) => {
    await scene.write('.env', 'VULTR_API_KEY=k\nANNY_API_KEY=very-secret-value\n');
    expect(JSON.stringify(await scene.look())).not.toContain('very-secret-value');
  });
});
