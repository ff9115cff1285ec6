import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checksScript } from './checks.ts';
import { cleanScript } from './clean.ts';
import { readChain } from './definition.ts';
import { directoriesScript, packagesScript, runScript, servicesScript, usersScript } from './scripts.ts';
import { searchScript } from './secret-search.ts';
import { layOut, ownFiles, runProgram, testBy, textOf, withDirectory } from './trial/programs.ts';
import { ownSettings } from './trial/project.ts';

describe('what is rendered is accepted by the program that will read it', () => {
  testBy('sshd', 'sshd: keys only, nobody as root', () =>
    withDirectory(async (root) => {
      await layOut(root, await ownFiles());
      await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(root, 'host_key')]);
      const file = join(root, 'etc/ssh/sshd_config.d/10-anny.conf');
      // Only root has the directory that a running sshd wants.
      if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
      const { code, stdout, stderr } = await runProgram('sshd', ['-T', '-f', file, '-h', join(root, 'host_key')]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const line of [
        'permitrootlogin no',
        'passwordauthentication no',
        'kbdinteractiveauthentication no',
        'pubkeyauthentication yes',
        'permitemptypasswords no',
        'allowtcpforwarding no',
        'x11forwarding no',
      ]) {
        expect(stdout.split('\n')).toContain(line);
      }
    }),
  );

  testBy('visudo', 'sudo', () =>
    withDirectory(async (root) => {
      await layOut(root, await ownFiles());
      const ran = await runProgram('visudo', ['-c', '-f', join(root, 'etc/sudoers.d/deploy')]);
      expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('parsed OK') });
    }),
  );

  testBy('systemd-analyze', 'systemd: every unit', () =>
    withDirectory(async (root) => {
      const files = (await ownFiles()).filter(({ path }) => path.startsWith('/etc/systemd/system/'));
      await layOut(root, files, (text) => text.replaceAll(/^(Exec\w+=)\S+/gm, '$1/bin/true'));
      const units = join(root, 'etc/systemd/system');
      for (const other of ['docker', 'nginx', 'cloud-init-local']) {
        await writeFile(join(units, `${other}.service`), '[Service]\nExecStart=/bin/true\n');
      }
      const names = files.map(({ path }) => path.split('/').at(-1)?.replace('@.', '@192.0.2.1.') ?? '');
      const ran = await runProgram('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', ...names], {
        SYSTEMD_UNIT_PATH: `${units}:`,
      });
      const ours = ran.stderr.split('\n').filter((line) => line.includes('anny'));
      expect({ code: ran.code, ours }).toEqual({ code: 0, ours: [] });
    }),
  );

  testBy('systemd-analyze', 'systemd: when the timers run', async () => {
    for (const path of ['anny-backup.timer', 'anny-certificate.timer']) {
      const calendar = /^OnCalendar=(.*)$/m.exec(textOf(await ownFiles(), `/etc/systemd/system/${path}`))?.[1] ?? '';
      expect(await runProgram('systemd-analyze', ['calendar', calendar])).toMatchObject({ code: 0 });
    }
  });

  testBy('fail2ban-client', 'fail2ban: 5 tries in 10 minutes, then an hour', () =>
    withDirectory(async (root) => {
      await cp('/etc/fail2ban', root, { recursive: true });
      await writeFile(join(root, 'jail.local'), textOf(await ownFiles(), '/etc/fail2ban/jail.local'));
      const { code, stdout } = await runProgram('fail2ban-client', ['-c', root, '-d']);
      expect(code).toBe(0);
      expect(stdout).toContain("['set', 'sshd', 'maxretry', 5]");
      expect(stdout).toContain("['set', 'sshd', 'bantime', '1h']");
      expect(stdout).toContain("['set', 'sshd', 'findtime', '10m']");
    }),
  );

  testBy('docker-compose', 'docker-compose', () => composeConfig('docker-compose', []));
  testBy('docker compose', 'docker compose', () => composeConfig('docker', ['compose']));

  testBy('logrotate', 'logrotate', () =>
    withDirectory(async (root) => {
      await layOut(root, await ownFiles());
      const ran = await runProgram('logrotate', ['-d', '-s', join(root, 'state'), join(root, 'etc/logrotate.d/anny')]);
      expect(ran.code).toBe(0);
      expect(ran.stderr).not.toContain('error:');
    }),
  );
});

async function composeConfig(program: string, args: readonly string[]): Promise<void> {
  await withDirectory(async (root) => {
    await layOut(root, await ownFiles());
    const file = join(root, 'opt/anny/docker-compose.yml');
    const ran = await runProgram(program, [...args, '-f', file, 'config', '--quiet']);
    expect({ code: ran.code, stderr: ran.stderr.replaceAll(/^.*`version` is obsolete.*\n?/gm, '') }).toEqual({
      code: 0,
      stderr: '',
    });
  });
}

describe('shell is clean', () => {
  testBy('shellcheck', 'what lands on the machine', () =>
    withDirectory(async (root) => {
      const files = await ownFiles();
      const scripts = files.filter(
        ({ path, content }) => path.endsWith('.sh') || content.subarray(0, 2).equals(HASHBANG),
      );
      await layOut(root, scripts);
      await cp(join(import.meta.dirname, '..', '.shellcheckrc'), join(root, '.shellcheckrc'));
      const ran = await runProgram('shellcheck', ['--severity=style', ...scripts.map(({ path }) => join(root, path))]);
      expect(ran.stdout).toBe('');
      expect(scripts.length).toBeGreaterThan(10);
    }),
  );

  testBy('shellcheck', 'what is run on a machine that is baked', () =>
    withDirectory(async (root) => {
      const settings = await ownSettings('production');
      const chain = await readChain(settings.directory, settings.config.image.name);
      const scripts: Readonly<Record<string, string>> = {
        checks: checksScript(chain),
        clean: cleanScript(chain),
        search: searchScript(),
        ...Object.fromEntries(
          chain.flatMap((one) => [
            [`${one.name}-packages`, packagesScript(one, settings.config.image)],
            [`${one.name}-machine`, [usersScript(one), directoriesScript(one), servicesScript(one)].join('\n')],
            [`${one.name}-run`, runScript([...one.run, ...one.app_run])],
          ]),
        ),
      };
      for (const [name, text] of Object.entries(scripts)) await writeFile(join(root, name), `${text}\n`);
      const paths = Object.keys(scripts).map((name) => join(root, name));
      const ran = await runProgram('shellcheck', ['--shell=bash', '--severity=warning', ...paths]);
      expect(ran.stdout).toBe('');
    }),
  );
});

const HASHBANG = Buffer.from('#!');

test('the image has no file that anybody but its owner may change', async () => {
  for (const { path, mode } of await ownFiles()) expect(Number.parseInt(mode, 8) & 0o022, path).toBe(0);
});
