import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checksScript, countChecks, placesOfChecks, readChecks } from './checks.ts';
import { type Definition, readChain } from './definition.ts';
import { runProgram, withDirectory } from './trial/programs.ts';
import { projectWith } from './trial/project.ts';

async function chainWith(tests: string): Promise<readonly Definition[]> {
  const directory = await projectWith({ 'images/thing.yaml': `name: thing\nos: true\ntests:\n${tests}` });
  return readChain(directory, 'thing');
}

const MACHINE: Readonly<Record<string, string>> = {
  systemctl: `case "$*" in
    'is-active nginx') echo active ;; 'is-active ufw') echo failed; exit 3 ;;
    'is-enabled certbot.timer') echo disabled; exit 1 ;; 'show'*typo) echo not-found ;; 'show'*) echo loaded ;; *) echo unknown; exit 4 ;; esac`,
  ss: `case "$*" in
    *':22'*) echo 'LISTEN 0 128 0.0.0.0:22 0.0.0.0:*' ;; *':8000'*) echo 'LISTEN 0 128 127.0.0.1:8000 0.0.0.0:*' ;;
    *':443'*) echo 'LISTEN 0 128 *:443 *:*' ;; esac`,
  id: `case "$*" in '-u deploy') echo 1000 ;; '-nG deploy') echo deploy docker ;; deploy) ;; *) exit 1 ;; esac`,
  ufw: `printf '%s\\n' 'Status: active' 'Default: deny (incoming), allow (outgoing)' \
    '22/tcp                     LIMIT IN    Anywhere' '80/tcp                     ALLOW IN    Anywhere' \
    '22/tcp (v6)                LIMIT IN    Anywhere (v6)' '9000/tcp                   ALLOW IN    Anywhere'`,
  'dpkg-query': `case "$*" in *nginx*) printf 'ii 1.22.1-9' ;; *gone*) printf 'rc 1.0' ;; *) echo 'no packages found' >&2; exit 1 ;; esac`,
  curl: `case "$*" in *down*) echo 'curl: (7) Failed to connect' >&2; printf 000; exit 7 ;; *http_code*) printf 503 ;; *) echo 'not yet' ;; esac`,
  'fail2ban-client': `case "$*" in *typo*) echo "ERROR NOK: ('typo',)" >&2; echo "Sorry but the jail 'typo' does not exist"; exit 255 ;; *maxretry) echo 5 ;; *bantime) echo 3600 ;; *findtime) echo 60 ;; esac`,
};

/** What a machine, whose programs answer as above, says to these tests: names that hold, and what was found instead. */
async function ask(tests: string) {
  const chain = await chainWith(tests);
  return withDirectory(async (root) => {
    for (const [name, body] of Object.entries(MACHINE)) {
      await writeFile(join(root, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
    }
    await writeFile(join(root, 'file'), 'hello $HOME world\n');
    await chmod(join(root, 'file'), 0o640);
    await mkdir(join(root, 'a b'));
    await symlink('/nowhere', join(root, 'link'));
    const script = checksScript(chain).replaceAll('/ROOT', root);
    const { stdout } = await runProgram('bash', ['-euo', 'pipefail', '-c', script], {
      PATH: `${root}:${process.env.PATH}`,
    });
    const results = readChecks(stdout.replaceAll(root, '/ROOT'));
    expect(results).toHaveLength(countChecks(chain));
    return results.map(({ ok, name, found }) => (ok ? name : `NOT ${name}: ${found.trim()}`));
  });
}

describe('a machine is asked what the definition says, and a test that fails says what was found', () => {
  test('services', async () => {
    expect(
      await ask(`  services:
    - { name: nginx, state: running }
    - { name: ufw, state: running }
    - { name: certbot.timer, state: disabled }
    - { name: certbot.timer, state: enabled }
    - { name: typo, state: running }\n`),
    ).toEqual([
      'service nginx is running',
      'NOT service ufw is running: found failed',
      'service certbot.timer is disabled',
      'NOT service certbot.timer is enabled: found disabled',
      'NOT service typo is running: found no such unit',
    ]);
  });

  test('ports', async () => {
    expect(
      await ask(`  ports:
    - { port: 22, protocol: tcp, from: any }
    - { port: 443, protocol: tcp, from: any }
    - { port: 8000, protocol: tcp, from: localhost }
    - { port: 8000, protocol: tcp, from: any }
    - { port: 22, protocol: tcp, from: localhost }
    - { port: 9, protocol: tcp, from: closed }
    - { port: 22, protocol: tcp, from: closed }\n`),
    ).toEqual([
      'port 22/tcp is open to any',
      'port 443/tcp is open to any',
      'port 8000/tcp is open to localhost',
      'NOT port 8000/tcp is open to any: found 127.0.0.1:8000',
      'NOT port 22/tcp is open to localhost: found 0.0.0.0:22',
      'port 9/tcp is closed',
      'NOT port 22/tcp is closed: found 0.0.0.0:22',
    ]);
  });

  test('the address that something listens on', async () => {
    expect(
      await ask(`  ports:
    - { port: 8000, protocol: tcp, address: 127.0.0.1 }
    - { port: 22, protocol: tcp, address: 127.0.0.1 }
    - { port: 443, protocol: tcp, address: "*" }
    - { port: 9, protocol: udp, address: "::1" }\n`),
    ).toEqual([
      'port 8000/tcp listens on 127.0.0.1 alone',
      'NOT port 22/tcp listens on 127.0.0.1 alone: found 0.0.0.0',
      'port 443/tcp listens on * alone',
      'NOT port 9/udp listens on ::1 alone: found nothing',
    ]);
  });

  test('packages: there, new enough, absent', async () => {
    expect(
      await ask(`  packages:
    - { name: nginx }
    - { name: nginx, at_least: 1.22.1-1 }
    - { name: nginx, at_least: 1.22.1-9+deb12u1 }
    - { name: nginx, absent: true }
    - { name: gone }
    - { name: gone, absent: true }
    - { name: never, at_least: "0" }\n`),
    ).toEqual([
      'package nginx is installed',
      'package nginx is 1.22.1-1 or newer',
      'NOT package nginx is 1.22.1-9+deb12u1 or newer: found 1.22.1-9',
      'NOT package nginx is absent: found 1.22.1-9',
      'NOT package gone is installed: found nothing',
      'package gone is absent',
      'NOT package never is 0 or newer: found nothing',
    ]);
  });

  test('HTTP: what is answered, and what it says', async () => {
    expect(
      await ask(`  http:
    - { url: "http://127.0.0.1/", status: 503, contains: not yet }
    - { url: "http://127.0.0.1/", contains: "it's up" }
    - { url: "http://down/" }\n`),
    ).toEqual([
      'http://127.0.0.1/ answers 503',
      'http://127.0.0.1/ says not yet',
      'NOT http://127.0.0.1/ answers 200: found 503',
      "NOT http://127.0.0.1/ says it's up: found not yet",
      'NOT http://down/ answers 200: found curl: (7) Failed to connect',
    ]);
  });

  test('users and their groups', async () => {
    expect(
      await ask(
        '  users:\n    - { name: deploy, uid: 1000, groups: [docker, sudo], not_groups: [root, docker] }\n    - { name: nobody-here }\n',
      ),
    ).toEqual([
      'user deploy has uid 1000',
      'user deploy is in group docker',
      'NOT user deploy is in group sudo: found deploy docker',
      'user deploy is not in group root',
      'NOT user deploy is not in group docker: found deploy docker',
      'NOT user nobody-here exists: exit 1',
    ]);
  });

  test('files: presence, mode, content, absence', async () => {
    expect(
      await ask(`  files:
    - { path: /ROOT/file, mode: "0640", contains: "hello $HOME" }
    - { path: /ROOT/file, mode: "600", contains: "bye" }
    - { path: /ROOT/nothing }
    - { path: /ROOT/nothing, absent: true }
    - { path: /ROOT/file, absent: true }
    - { path: /ROOT/link, absent: true }\n`),
    ).toEqual([
      '/ROOT/file is there',
      '/ROOT/file has mode 640',
      '/ROOT/file contains hello $HOME',
      '/ROOT/file is there',
      'NOT /ROOT/file has mode 600: found 640',
      'NOT /ROOT/file contains bye: found hello $HOME world',
      'NOT /ROOT/nothing is there: found nothing',
      '/ROOT/nothing is absent',
      expect.stringMatching(/^NOT .ROOT.file is absent: found -rw-r-----/),
      expect.stringMatching(/^NOT .ROOT.link is absent: found lrwx/),
    ]);
  });

  test('the firewall: what is said, and that nothing else is open', async () => {
    expect(
      await ask('  firewall:\n    - { default: deny }\n    - { limit: 22/tcp }\n    - { allow: 443/tcp }\n'),
    ).toEqual([
      'firewall: incoming is deny by default',
      'firewall: 22/tcp limit',
      'NOT firewall: 443/tcp allow: found nothing',
      'NOT firewall: nothing else is open: found 80/tcp ALLOW IN Anywhere 9000/tcp ALLOW IN Anywhere',
    ]);
  });

  test('jails', async () => {
    expect(
      await ask(`  jails:
    - { name: sshd, maxretry: 5, bantime: 3600, findtime: 600 }
    - { name: typo, maxretry: 5, bantime: 3600, findtime: 600 }\n`),
    ).toEqual([
      'NOT jail sshd: 5 retries, ban 3600 s, window 600 s: found 5 3600 60',
      "NOT jail typo: 5 retries, ban 3600 s, window 600 s: found Sorry but the jail 'typo' does not exist",
    ]);
  });

  test('commands: by their exit and by what they print', async () => {
    expect(
      await ask(`  commands:
    - { run: "true" }
    - { run: "echo what it said >&2; false" }
    - { run: "false", succeeds: false }
    - { run: "true", succeeds: false }
    - { run: "no-such-command", succeeds: false }
    - { run: "echo 'it''s'; echo 503", prints: "^503$" }
    - { run: "echo 200", prints: "^503$" }
    - run: |
        echo several
        echo lines
      prints: "^lines$"\n`),
    ).toEqual([
      'true',
      'NOT echo what it said >&2; false: what it said',
      'not: false',
      'NOT not: true: it succeeds',
      'NOT not: no-such-command: it cannot be run: bash: line 1: no-such-command: command not found',
      "echo 'it''s'; echo 503 prints ^503$",
      'NOT echo 200 prints ^503$: found 200',
      'echo several echo lines prints ^lines$',
    ]);
  });
});

test('a script that was cut short is seen by the number of its answers', () => {
  expect(readChecks('ok\tone\nnoise\nbad\ttwo\tfound x\nok\t')).toHaveLength(3);
  expect(readChecks('ok\tone\nba')).toEqual([{ name: 'one', ok: true, found: '' }]);
});

test('each answer belongs to a line of the definition', async () => {
  const chain = await chainWith(`  services:
    - { name: nginx, state: running }
  users:
    - { name: deploy, uid: 1000, groups: [a, b] }
  firewall:
    - { default: deny }\n`);
  expect(placesOfChecks(chain)).toEqual([
    'images/thing.yaml:5:7  tests.services.0',
    ...Array.from({ length: 3 }, () => 'images/thing.yaml:7:7  tests.users.0'),
    ...['images/thing.yaml:9:7  tests.firewall.0', 'images/thing.yaml'],
  ]);
});
