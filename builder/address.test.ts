import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProgram, testBy, withDirectory } from './trial/programs.ts';

const PART = join(import.meta.dirname, '..', 'templates/base/usr/local/lib/anny/address.sh');
const PLATFORM = 'http://169.254.169.254/v1.json';

/** The platform says that these addresses lead to the machine, which answers at `at`: does it take the name to lead to itself? */
async function leadsHere(name: string, at: string, additional: readonly string[]): Promise<boolean> {
  const interfaces = [{ ipv4: { additional: additional.map((address) => ({ address })) } }];
  const platform = createServer((_request, response) => response.end(JSON.stringify({ interfaces })));
  await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve));
  try {
    const address = platform.address();
    const port = typeof address === 'object' ? address?.port : 0;
    return await withDirectory(async (root) => {
      const part = join(root, 'address.sh');
      await writeFile(part, (await readFile(PART, 'utf8')).replace(PLATFORM, `http://127.0.0.1:${port}/`));
      await writeFile(join(root, 'answers-at'), `${at}\n`);
      const script = `LIB=${root}; PUBLIC_NAME=${name}; . ${part}; if address_leads_here; then echo yes; else echo no; fi`;
      const { stdout } = await runProgram('bash', ['-c', `set -Eeuo pipefail; shopt -s inherit_errexit; ${script}`]);
      return stdout.trim() === 'yes';
    });
  } finally {
    platform.close();
  }
}

/** Rules of a network of its own: the host's stay as they are. */
const APART = ['-rn', 'bash', '-c'];
const isApart = (await runProgram('unshare', [...APART, 'iptables-legacy -w 2 -S INPUT'])).code === 0;

describe('a relay that lets everybody in again', () => {
  test.skipIf(!isApart)(
    'takes its rule away, also where somebody else holds iptables for longer than a try',
    async () => {
      await withDirectory(async (root) => {
        const [lock, leaving] = [join(root, 'lock'), join(root, 'leaving')];
        await mkdir(leaving);
        await writeFile(join(leaving, '192.0.2.7'), '');
        const rules = 'iptables() { iptables-legacy "$@"; }; iptables -A INPUT -d 192.0.2.7 -p tcp --syn -j DROP';
        const busy = 'flock "$XTABLES_LOCKFILE" sleep 2.5 & sleep 0.2';
        const script = `LIB=${root}; RUN=${root}; . ${PART}; ${rules}; ${busy}; stay; iptables -w 2 -S INPUT`;
        const { stdout } = await runProgram('unshare', [...APART, `set -Eeuo pipefail; ${script}`], {
          XTABLES_LOCKFILE: lock,
        });
        expect(stdout.trim()).toBe('-P INPUT ACCEPT');
        expect(await readdir(leaving)).toEqual([]);
      });
    },
  );
});

describe('a writer that starts with a reserved address', () => {
  testBy(
    'jq',
    'is led to where the name leads to that address and the platform leads that to the machine',
    async () => {
      expect(await leadsHere('localhost', '127.0.0.1', ['192.0.2.9', '127.0.0.1'])).toBe(true);
      expect(await leadsHere('localhost', '127.0.0.1', ['192.0.2.9'])).toBe(false);
    },
  );

  testBy('jq', 'is not, though the address is still its own, where the name leads elsewhere or nowhere', async () => {
    expect(await leadsHere('localhost', '192.0.2.7', ['192.0.2.7'])).toBe(false);
    expect(await leadsHere('no-such-name.invalid', '192.0.2.7', ['192.0.2.7'])).toBe(false);
  });
});
