import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoEnvironment, ROOT } from '../demo/project.ts';

const run = promisify(execFile);
let directory: string;

// As somebody who has never seen this checkout: the package from a registry, beside a Node that is new enough.
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'anny-package-'));
  await run('npm', ['pack', '--pack-destination', directory], { cwd: ROOT });
  const packed = (await readdir(directory)).find((name) => name.endsWith('.tgz')) ?? expect.fail('nothing was packed');
  await writeFile(join(directory, 'package.json'), '{ "private": true }');
  await run('npm', ['install', '--no-audit', '--no-fund', `./${packed}`, 'node@24'], { cwd: directory });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const anny = (program: string, ...words: string[]) =>
  run(join('node_modules', '.bin', program), words, { cwd: directory, env: demoEnvironment(process.env) }).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  );

describe('the package, installed elsewhere', () => {
  it('brings programs that say what they do', async () => {
    for (const program of ['anny-image', 'anny-bluegreen', 'anny-cloud', 'anny-infra']) {
      expect(await anny(program, '--help')).toMatchObject({ code: 0, stdout: expect.stringContaining(program) });
    }
  });

  it('reads the config.yaml of the project that it is used in', async () => {
    await copyFile(join(ROOT, 'config.yaml'), join(directory, 'config.yaml'));
    expect(await anny('anny-bluegreen', '--env', 'local', 'config', 'get', 'infra.parent_domain')).toMatchObject({
      code: 0,
      stdout: 'anny.test\n',
    });
  });

  it('finds its own images, templates and app, and says what it lacks', async () => {
    const { code, stderr } = await anny('anny-image', 'build', '--why', '--env', 'production');
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining('VULTR_API_KEY is not set') });
  });

  it('holds what a bake needs, and no tests', async () => {
    const files = await readdir(join(directory, 'node_modules', 'anny'), { recursive: true });
    expect(files).toEqual(expect.arrayContaining(['images/base.yaml', 'app/Dockerfile', 'app/package-lock.json']));
    expect(files.filter((name) => /\.test\.|\/trial\/|\.env$/.test(name))).toEqual([]);
  });
});
