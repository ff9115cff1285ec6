import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { testBy } from '../trial/programs.ts';
import { addFiles, projectWith } from '../trial/project.ts';
import { contentsScript, contentsText, readContents } from './contents.ts';
import { sbomText } from './sbom.ts';

const OUTPUT = [
  'system\tdebian\t12\tDebian GNU/Linux 12 (bookworm)',
  'architecture\tamd64',
  'package\tzlib1g\t1:1.2.13\tamd64\tzlib',
  'package\tadduser\t3.134\tall\tadduser',
  'service\tssh.service',
  'service\tnginx.service',
  'file\tabc\t644\troot:root\t/etc/with a space',
  'app\tanny:baked\tsha256:123',
].join('\n');
const REQUEST = {
  image: 'anny',
  digest: 'd'.repeat(64),
  parent: 'os',
  paths: [],
  app: 'anny:baked',
  tree: '/usr',
  keep: '',
};

describe('what a machine says is in it', () => {
  test('is the same text in whatever order it comes', () => {
    const backwards = OUTPUT.split('\n').reverse().join('\n');
    expect(contentsText(readContents(backwards, REQUEST))).toBe(contentsText(readContents(OUTPUT, REQUEST)));
    expect(readContents(OUTPUT, REQUEST)).toMatchObject({
      packages: [{ name: 'adduser' }, { name: 'zlib1g', version: '1:1.2.13', source: 'zlib' }],
      files: [{ path: '/etc/with a space', mode: '644', owner: 'root:root' }],
      services: ['nginx.service', 'ssh.service'],
      app: { reference: 'anny:baked', id: 'sha256:123' },
    });
  });

  testBy('dpkg-query', 'is asked by a script that this system understands', async () => {
    const directory = await projectWith({});
    const path = join(directory, "it's a file");
    await writeFile(path, 'content');
    await chmod(path, 0o640);
    const script = contentsScript({
      paths: [path, join(directory, 'gone')],
      app: undefined,
      tree: directory,
      keep: '',
    });
    const output = execFileSync('bash', ['-euo', 'pipefail', '-c', script], { encoding: 'utf8' });
    const contents = readContents(output, REQUEST);
    const sha256 = createHash('sha256').update('content').digest('hex');
    expect(contents.files).toEqual([{ path, sha256, mode: '640', owner: expect.stringMatching(/^\w+:\w+$/) }]);
    expect(contents.system.id).toMatch(/^\w+$/);
    const bash = contents.packages.find(({ name }) => name === 'bash');
    expect(bash).toMatchObject({ version: expect.stringMatching(/^\d/), source: 'bash' });
  });
});

testBy(
  'mtree',
  'a whole tree is one digest, whatever is written when programs run; its list lies where it is wanted',
  async () => {
    const directory = await projectWith({
      ...{ 'usr/bin/x': 'x', 'usr/lib/y': 'y', 'usr/lib/a b/ö': 'z' },
      'usr/share/anny/usr.mtree': 'the last one',
    });
    const tree = join(directory, 'usr');
    const keep = join(tree, 'share/anny/usr.mtree');
    const digest = (): string | null => {
      const script = contentsScript({ paths: [], app: undefined, tree, keep });
      return readContents(execFileSync('bash', ['-euo', 'pipefail', '-c', script], { encoding: 'utf8' }), REQUEST).tree;
    };
    const before = digest();
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(await readFile(keep, 'utf8')).toContain(createHash('sha256').update('x').digest('hex'));
    const list = await readFile(keep, 'utf8');
    expect(list.split('\n').map((line) => line.split(' ')[0])).toEqual(
      expect.arrayContaining(['.', './bin/x', './lib/y', './lib/a\\sb']),
    );
    const compare = ['-c', `mtree -X <(echo ./share/anny; echo __pycache__) -p ${tree} -f ${keep}`];
    expect(spawnSync('bash', compare, { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '', stderr: '' });
    await addFiles(directory, { 'usr/bin/__pycache__/y.pyc': 'y' });
    expect(digest()).toBe(before);
    await chmod(join(tree, 'bin/x'), 0o755);
    expect(spawnSync('bash', compare, { encoding: 'utf8' }).stdout).toContain('x');
    expect(digest()).not.toBe(before);
    const second = digest();
    await addFiles(directory, { 'usr/lib/y': 'another' });
    expect(digest()).not.toBe(second);
  },
);

test('the SBOM names every package by its package URL, and the app', () => {
  const text = sbomText(readContents(OUTPUT, REQUEST), '0.1.0');
  expect(text).toBe(sbomText(readContents(OUTPUT, REQUEST), '0.1.0'));
  const sbom = JSON.parse(text);
  expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 });
  expect(sbom.serialNumber).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(sbom.components.map(({ purl, name }: { purl?: string; name: string }) => purl ?? name)).toEqual([
    'pkg:deb/debian/adduser@3.134?arch=all&distro=debian-12',
    'pkg:deb/debian/zlib1g@1%3A1.2.13?arch=amd64&distro=debian-12',
    'anny:baked',
  ]);
});
