import { describe, expect, test } from 'vitest';
import { build } from '../build.ts';
import { readChain } from '../definition.ts';
import { stepsOf } from '../plan-build.ts';
import { simulatedAccount } from '../trial/account.ts';
import { baker } from '../trial/baker.ts';
import { projectWith } from '../trial/project.ts';
import { DEBIAN, type Handle, serve, trackerOf } from '../trial/tracker.ts';
import { barOf } from './bar.ts';

const project = (tracker: string, max: string) =>
  projectWith({
    'config.yaml': `image:\n  vulnerabilities: { debian: ${tracker}, timeout: 2s }\n`,
    'images/base.yaml': `name: base\nos: true\ntests:\n  vulnerabilities: { max: ${max} }\n`,
  });

async function bakeBy(handle: Handle, max: string) {
  const { url } = await serve(handle);
  const account = simulatedAccount();
  const { context, notes } = await baker(account, await project(url, max));
  const wish = { name: 'base', force: false, onError: 'destroy' } as const;
  return { account, notes, built: build(context, wish, async () => false) };
}

describe('a definition with a bar for known vulnerabilities', () => {
  test('makes no image that is over it, says which and what to do, and leaves nothing', async () => {
    const { account, built } = await bakeBy(
      trackerOf(() => DEBIAN),
      '{ high: 0 }',
    );
    await expect(built).rejects.toMatchObject({
      code: 'IMAGE_TEST_FAILED',
      found: expect.stringMatching(
        /1 high, 1 unknown with a fix.*\n {2}high +CVE-2023-44487 +nginx 1\.22\.1-9 -> 1\.22\.1-9\+deb12u1$/,
      ),
      next: expect.stringContaining('--refresh'),
    });
    expect({ machines: account.machines(), images: account.images() }).toEqual({ machines: [], images: [] });
  });

  test('counts what Debian has not judged only where the bar names it', async () => {
    const bakeWith = (max: string) =>
      bakeBy(
        trackerOf(() => ({ nginx: { 'CVE-2024-7347': DEBIAN.nginx['CVE-2024-7347'] } })),
        max,
      );
    expect(await (await bakeWith('{ high: 0 }')).built).toMatchObject([{ baked: true }]);
    await expect((await bakeWith('{ high: 0, unknown: 0 }')).built).rejects.toMatchObject({
      found: expect.stringMatching(/\n {2}unknown +CVE-2024-7347/),
    });
  });

  test('makes one that keeps to it: what nobody has mended yet does not count', async () => {
    const { built } = await bakeBy(
      trackerOf(() => DEBIAN),
      '{ high: 1, negligible: 0 }',
    );
    expect(await built).toMatchObject([{ name: 'base', baked: true }]);
  });

  test('makes one where the tracker does not answer, and says so', async () => {
    const { built, notes } = await bakeBy((_request, response) => void response.writeHead(500).end(), '{ high: 0 }');
    expect(await built).toMatchObject([{ name: 'base', baked: true }]);
    expect(notes.join('\n')).toMatch(/known vulnerabilities are not checked: http.* answers 500/);
  });
});

test('the strictest bar of a chain counts, and is a step of the plan', async () => {
  const directory = await projectWith({
    'images/base.yaml': 'name: base\nos: true\ntests:\n  vulnerabilities: { max: { high: 2, low: 1 } }\n',
    'images/shop.yaml': 'name: shop\nparent: base\ntests:\n  vulnerabilities: { max: { high: 0, medium: 5 } }\n',
    'images/plain.yaml': 'name: plain\nos: true\n',
  });
  const chain = await readChain(directory, 'shop');
  expect(barOf(chain)).toEqual({ high: 0, medium: 5, low: 1 });
  expect(stepsOf(chain, { hardening: true })).toContain('known vulnerabilities');
  expect(stepsOf(await readChain(directory, 'plain'), { hardening: true })).not.toContain('known vulnerabilities');
});
