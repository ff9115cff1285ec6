import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Contents, contentsText, readContents } from '../papers/contents.ts';
import { projectWith, settingsIn } from '../trial/project.ts';
import { DEBIAN, type Handle, serve, trackerOf } from '../trial/tracker.ts';
import type { Known } from './answer.ts';
import { sourcePackagesOf } from './finding.ts';
import { knownVulnerabilities } from './known.ts';
import { findingLines, knownText } from './text.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.parse('2026-11-28T12:00:00Z');

const DEBIAN_MACHINE = [
  'system\tdebian\t12\tDebian GNU/Linux 12 (bookworm)',
  'package\tnginx\t1.22.1-9\tamd64\tnginx\t1.22.1-9',
  'package\tnginx-common\t1.22.1-9\tall\tnginx\t1.22.1-9',
];
const UBUNTU_MACHINE = [
  'system\tubuntu\t24.04\tUbuntu 24.04.3 LTS',
  'package\topenssh-server\t1:9.6p1-3ubuntu13\tamd64\topenssh\t1:9.6p1-3ubuntu13',
  'package\tlibc6\t2.39-0ubuntu8\tamd64\tglibc\t2.39-0ubuntu8',
];

function contentsFrom(lines: readonly string[]): Contents {
  return readContents(lines.join('\n'), {
    image: 'base',
    digest: 'd'.repeat(64),
    parent: 'os',
    paths: [],
    app: undefined,
    tree: '/usr',
    keep: '',
  });
}

async function project(tracker: string, timeout = '5s') {
  const config = `image:\n  vulnerabilities: { debian: ${JSON.stringify(tracker)}, ubuntu: ${JSON.stringify(tracker)}, timeout: ${timeout} }\n`;
  const directory = await projectWith({ 'config.yaml': config });
  return async (lines: readonly string[], later = 0, network: 'when old' | 'never' = 'when old'): Promise<Known> =>
    knownVulnerabilities({ settings: await settingsIn(directory), nowMs: NOW + later, network }, contentsFrom(lines));
}

describe("what Debian's tracker knows of an image", () => {
  test('is what its version has, of its release: with a fix first', async () => {
    const { url } = await serve(trackerOf(() => DEBIAN));
    const known = await (await project(url))(DEBIAN_MACHINE);
    expect(known).toEqual({
      ...{ kind: 'checked', by: url, at: NOW },
      findings: [
        { id: 'CVE-2023-44487', source: 'nginx', version: '1.22.1-9', severity: 'high', fixed: '1.22.1-9+deb12u1' },
        { id: 'CVE-2024-7347', source: 'nginx', version: '1.22.1-9', severity: 'unknown', fixed: '1.22.1-9+deb12u1' },
        { id: 'CVE-2009-4487', source: 'nginx', version: '1.22.1-9', severity: 'negligible', fixed: null },
      ],
    });
    expect(knownText(known)).toBe(
      `1 high, 1 unknown with a fix that the image lacks; 1 negligible without one yet; as of 2026-11-28 12:00 by ${new URL(url).host}`,
    );
    expect(findingLines(known, false)).toEqual([
      'high       CVE-2023-44487   nginx 1.22.1-9 -> 1.22.1-9+deb12u1',
      'unknown    CVE-2024-7347    nginx 1.22.1-9 -> 1.22.1-9+deb12u1',
    ]);
  });

  test('is nothing where the image has the mended version', async () => {
    const { url } = await serve(trackerOf(() => DEBIAN));
    const mended = DEBIAN_MACHINE.map((line) => line.replaceAll('1.22.1-9', '1.22.1-9+deb12u2'));
    expect(await (await project(url))(mended)).toMatchObject({ findings: [{ id: 'CVE-2009-4487', fixed: null }] });
  });

  test('is fetched once an hour, and sent again only when it has changed', async () => {
    let document: unknown = DEBIAN;
    const statuses: number[] = [];
    const handle = trackerOf(() => document);
    const { url, asked } = await serve((request, response, body) => {
      response.once('finish', () => statuses.push(response.statusCode));
      handle(request, response, body);
    });
    const look = await project(url);
    const first = await look(DEBIAN_MACHINE);
    expect(await look(DEBIAN_MACHINE, HOUR_MS / 2)).toEqual(first);
    expect(asked).toHaveLength(1);
    expect(await look(DEBIAN_MACHINE, 2 * HOUR_MS)).toEqual({ ...first, at: NOW + 2 * HOUR_MS });
    document = { nginx: { 'CVE-2027-1': DEBIAN.nginx['CVE-2009-4487'] } };
    expect(await look(DEBIAN_MACHINE, 4 * HOUR_MS)).toMatchObject({ findings: [{ id: 'CVE-2027-1' }] });
    expect(statuses).toEqual([200, 304, 200]);
  });

  test('is looked up in what is kept here without asking anybody', async () => {
    const { url, asked } = await serve(trackerOf(() => DEBIAN));
    const look = await project(url);
    expect(await look(DEBIAN_MACHINE, 0, 'never')).toMatchObject({
      kind: 'not checked',
      why: expect.stringContaining('never asked from here'),
    });
    await look(DEBIAN_MACHINE);
    expect(await look(DEBIAN_MACHINE, 90 * HOUR_MS, 'never')).toMatchObject({ at: NOW, findings: [{}, {}, {}] });
    expect(asked).toHaveLength(1);
  });

  test('stays what it was while the tracker is gone, and that is said', async () => {
    const server = await serve(trackerOf(() => DEBIAN));
    const look = await project(server.url);
    await look(DEBIAN_MACHINE);
    server.close();
    const known = await look(DEBIAN_MACHINE, 2 * HOUR_MS);
    expect(known).toMatchObject({
      kind: 'checked',
      at: NOW,
      findings: [{}, {}, {}],
      stale: expect.stringContaining('ECONNREFUSED'),
    });
    expect(knownText(known)).toContain('which cannot be asked now');
  });
});

describe('a tracker that gives no answer is not checked, and says why:', () => {
  const cases: readonly (readonly [string, Handle, string])[] = [
    ['an error', (_request, response) => void response.writeHead(503).end('no'), 'answers 503'],
    ['no JSON', (_request, response) => void response.end('<html>'), 'what is no JSON'],
    ['another document', (_request, response) => void response.end('{"a":1}'), 'says nothing of release "bookworm"'],
    ['silence', () => undefined, 'took too long'],
    [
      'half an answer',
      (_request, response) => void response.write('{"nginx":', () => response.destroy()),
      'is not reachable',
    ],
    [
      'a way round in circles',
      (_request, response) => void response.writeHead(302, { location: '/' }).end(),
      'Redirect loop',
    ],
  ];
  test.each(cases)('%s', async (_name, handle, why) => {
    const { url } = await serve(handle);
    const known = await (await project(url, '500ms'))(DEBIAN_MACHINE);
    expect(known).toEqual({ kind: 'not checked', why: expect.stringContaining(why) });
    expect(knownText(known)).toMatch(/^not checked: /);
  });

  test('nobody there', async () => {
    const { url, close } = await serve(() => undefined);
    close();
    expect(await (await project(url))(DEBIAN_MACHINE)).toEqual({
      kind: 'not checked',
      why: `${url} is not reachable (ECONNREFUSED)`,
    });
  });

  test('nobody to ask', async () => {
    expect(await (await project(''))(DEBIAN_MACHINE)).toMatchObject({
      kind: 'not checked',
      why: expect.stringContaining('names nobody'),
    });
    const alpine = ['system\talpine\t3\tAlpine Linux v3'];
    expect(await (await project('http://127.0.0.1:1'))(alpine)).toMatchObject({
      why: 'nobody is known to ask about Alpine Linux v3',
    });
  });

  test('a cache that somebody broke is as if there were none', async () => {
    const { url, asked } = await serve(trackerOf(() => DEBIAN));
    const directory = await projectWith({
      'config.yaml': `image:\n  vulnerabilities: { debian: ${url} }\n`,
      '.anny/vulnerabilities/debian-bookworm.json': '{',
    });
    const look = async () =>
      knownVulnerabilities(
        { settings: await settingsIn(directory), nowMs: NOW, network: 'when old' },
        contentsFrom(DEBIAN_MACHINE),
      );
    await look();
    await writeFile(join(directory, '.anny/vulnerabilities/debian-bookworm.json'), '{"url":1}');
    expect(await look()).toMatchObject({ kind: 'checked' });
    expect(asked).toHaveLength(2);
  });
});

const UBUNTU_RECORDS = [
  {
    ...{
      schema_version: '1.7.0',
      id: 'UBUNTU-CVE-2024-6387',
      modified: '2026-01-02T00:00:00Z',
      upstream: ['CVE-2024-6387'],
    },
    severity: [
      { type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H' },
      { type: 'Ubuntu', score: 'high' },
    ],
    affected: [
      {
        package: { ecosystem: 'Ubuntu:22.04:LTS', name: 'openssh' },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }],
      },
      {
        package: {
          ecosystem: 'Ubuntu:24.04:LTS',
          name: 'openssh',
          purl: 'pkg:deb/ubuntu/openssh@1:9.6p1-3ubuntu13.3?arch=source&distro=noble',
        },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1:9.6p1-3ubuntu13.3' }] }],
      },
    ],
  },
  {
    ...{ id: 'UBUNTU-CVE-2016-20013', modified: '2026-01-03T00:00:00Z', upstream: ['CVE-2016-20013'] },
    severity: [{ type: 'Ubuntu', score: 'negligible' }],
    affected: [
      {
        package: { ecosystem: 'Ubuntu:24.04:LTS', name: 'glibc' },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }],
      },
    ],
  },
];

/** As an OSV server answers, one record a page. */
function osv(
  records: readonly {
    readonly id: string;
    readonly modified: string;
    readonly affected: readonly { readonly package: { readonly name: string } }[];
  }[],
): Handle {
  return (request, response, body) => {
    if (request.url?.startsWith('/vulns/')) {
      const record = records.find(({ id }) => request.url === `/vulns/${id}`);
      return void response.writeHead(record === undefined ? 404 : 200).end(JSON.stringify(record ?? { code: 5 }));
    }
    const { queries }: { queries: { package: { name: string }; page_token?: string }[] } = JSON.parse(body);
    const results = queries.map(({ package: { name }, page_token: token }) => {
      if (name !== 'openssh' || token === 'second') {
        const own = records.filter(({ affected }) => affected.some((one) => one.package.name === name));
        return { vulns: own.map(({ id, modified }) => ({ id, modified })) };
      }
      return { vulns: [{ id: 'USN-6859-1', modified: '2024-07-01T00:00:00Z' }], next_page_token: 'second' };
    });
    response.end(JSON.stringify({ results }));
  };
}

describe('what an OSV server knows of an Ubuntu image', () => {
  test('is read page by page, of its own release, notices left out', async () => {
    const { url } = await serve(osv(UBUNTU_RECORDS));
    expect(await (await project(url))(UBUNTU_MACHINE)).toEqual({
      ...{ kind: 'checked', by: url, at: NOW },
      findings: [
        {
          id: 'CVE-2024-6387',
          source: 'openssh',
          version: '1:9.6p1-3ubuntu13',
          severity: 'high',
          fixed: '1:9.6p1-3ubuntu13.3',
        },
        { id: 'CVE-2016-20013', source: 'glibc', version: '2.39-0ubuntu8', severity: 'negligible', fixed: null },
      ],
    });
  });

  test('is asked for again by the records that have changed', async () => {
    const records = structuredClone(UBUNTU_RECORDS);
    const { url, asked } = await serve(osv(records));
    const look = await project(url);
    await look(UBUNTU_MACHINE);
    const [first] = records;
    if (first === undefined) throw new Error('there is a record');
    records[0] = { ...first, modified: '2026-11-28T00:00:00Z', severity: [{ type: 'Ubuntu', score: 'critical' }] };
    asked.length = 0;
    expect(await look(UBUNTU_MACHINE, 2 * HOUR_MS)).toMatchObject({ findings: [{ severity: 'critical' }, {}] });
    expect(asked.filter((one) => one.startsWith('GET'))).toEqual(['GET /vulns/UBUNTU-CVE-2024-6387']);
  });

  test('is nothing that can be used when a record is missing', async () => {
    const [first] = UBUNTU_RECORDS;
    const { url } = await serve((request, response, body) => {
      if (request.method === 'GET') return void response.writeHead(404).end();
      osv(first === undefined ? [] : [first])(request, response, body);
    });
    expect(await (await project(url))(UBUNTU_MACHINE)).toMatchObject({
      kind: 'not checked',
      why: expect.stringContaining('answers 404'),
    });
  });
});

test('packages are looked up by the version of their source, and a signed kernel by that of the kernel', () => {
  const contents = contentsFrom([
    ...DEBIAN_MACHINE,
    'package\tlibgcc-s1\t12.2.0-14\tamd64\tgcc-12\t12.2.0-14',
    'package\tlibnginx-mod\t1.22.1-9+b1\tamd64\tnginx\t1.22.1-9',
    'package\tlinux-image-amd64\t6.1.99-1\tamd64\tlinux-signed-amd64\t6.1.99+1',
  ]);
  expect(sourcePackagesOf(contents)).toEqual([
    { source: 'gcc-12', version: '12.2.0-14' },
    { source: 'linux', version: '6.1.99-1' },
    { source: 'nginx', version: '1.22.1-9' },
  ]);
  // Only where it is another one, so that what was signed before reads the same.
  expect(contentsText(contents).match(/source_version/g)).toHaveLength(2);
});
