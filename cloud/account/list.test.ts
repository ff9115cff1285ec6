import { describe, expect, onTestFinished } from 'vitest';
import { pageOf, scripted, accountTest as test } from '../../test/cloud/account-scene.ts';
import { fastClock } from '../../test/cloud/clocks.ts';

const key = (id: string) => ({ id, name: id, ssh_key: 'ssh-ed25519 AAAA' });

describe('a list', () => {
  test('is read page by page to its end', async () => {
    const { cloud, server } = await scripted(
      fastClock(),
      pageOf('ssh_keys', [key('a'), key('b')], 'bmV4dA=='),
      pageOf('ssh_keys', [key('c')], 'last'),
      pageOf('ssh_keys', [key('d')]),
    );
    onTestFinished(server.close);
    expect((await cloud.sshKeys()).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
    expect(server.calls).toEqual([
      'GET /ssh-keys?per_page=500',
      'GET /ssh-keys?per_page=500&cursor=bmV4dA%3D%3D',
      'GET /ssh-keys?per_page=500&cursor=last',
    ]);
  });

  test('that goes round in circles is an error, and never a part that passes for the whole', async () => {
    const { cloud, server } = await scripted(fastClock(), pageOf('ssh_keys', [key('a')], 'same'));
    onTestFinished(server.close);
    await expect(cloud.sshKeys()).rejects.toMatchObject({ code: 'API_UNEXPECTED', doing: 'listing ssh keys' });
  });

  test('that has no end is given up', async () => {
    const replies = Array.from({ length: 201 }, (_, at) => pageOf('ssh_keys', [key('a')], `next-${at}`));
    const { cloud, server } = await scripted(fastClock(), ...replies);
    onTestFinished(server.close);
    await expect(cloud.sshKeys()).rejects.toMatchObject({ code: 'API_UNEXPECTED' });
    expect(server.calls).toHaveLength(200);
  });

  test('is whole when its pages are tried again', async ({ api, cloud }) => {
    for (const name of ['a', 'b', 'c']) await cloud.createSshKey(name, `ssh-ed25519 ${name}`);
    await api.plan({ kind: 'error', operation: 'GET /ssh-keys', status: 500, text: 'x' });
    await api.plan({ kind: 'cut-after', operation: 'GET /ssh-keys' });
    expect((await cloud.sshKeys()).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });
});
