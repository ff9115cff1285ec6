import { describe, expect, it } from 'vitest';
import { blue, green, STATE, secrets } from '../trial/pair.ts';
import { RESTIC, secretsWithRepository } from '../trial/repository.ts';

const KEY = '-i /run/anny/pull-key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes';

/** Words that a shell, a path, an option parser, JSON or systemd could stumble over. */
const STRANGE = [
  '',
  '-',
  '--help',
  '-rf',
  '*',
  '@',
  '../../etc/passwd',
  '$(id)',
  '"',
  '\\',
  'a\nb',
  'ÿ',
  '1e3',
  '08',
  '%n',
];
const VERBS = ['prepare', 'start', 'pass', 'hold', 'relay', 'admit', 'pull', 'takeover', 'restore', '@', ''];

export function intruderContract(): void {
  describe('whoever has deploy’s login', () => {
    it('gets one JSON object that says no, whatever the words', async () => {
      const calls = VERBS.flatMap((verb) => STRANGE.map((word) => [verb, word]));
      const script = `
import json, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
def refused(words):
    done = subprocess.run(['sudo', '-n', 'anny-box', *words, '10.0.0.1'], capture_output=True, stdin=subprocess.DEVNULL)
    said = json.loads(done.stdout)
    assert done.returncode == 1 and set(said) == {'error', 'next'}, (words, done)
    assert 'stopped at' not in said['error'], (words, said)
    return True
print('all refused' if all(ThreadPoolExecutor(4).map(refused, json.load(sys.stdin))) else 'not all')`;
      const asked = Buffer.from(JSON.stringify(calls)).toString('base64');
      const said = await blue.root(
        `cat > /tmp/try.py <<'PYTHON'\n${script}\nPYTHON\necho ${asked} | base64 -d > /tmp/words && su deploy -c 'python3 /tmp/try.py < /tmp/words'`,
      );
      expect(said).toBe('all refused');
    });

    it('cannot write where secrets do not belong', async () => {
      const refused = 'no object of texts by path';
      for (const path of ['secrets/../../../etc/x', 'secrets/../../../etc/x\n.env', '.env\n', 'secrets/-x', '/etc/x']) {
        await expect(blue.box.secrets({ [path]: 'x' })).rejects.toThrow(refused);
      }
      const config = 'https://hooks.test/x"\noutput = "/etc/x';
      await expect(blue.box.secrets({ 'alert-webhook': config })).rejects.toThrow('alert-webhook is no address');
      await blue.root('test ! -e /etc/x');
    });

    it('reads and changes no secret by its login alone', async () => {
      await blue.box.secrets({ ...secrets(), 'secrets/account.json': '{"key":"hush-hush"}' });
      expect(
        await blue.root('stat -c "%n %a %U" /opt/anny/.env /opt/anny/secrets /opt/anny/secrets/account.json'),
      ).toBe('/opt/anny/.env 600 root\n/opt/anny/secrets 700 root\n/opt/anny/secrets/account.json 600 deploy');
      await blue.root(
        '! su deploy -c "cat /opt/anny/.env || ls /opt/anny/secrets || touch /opt/anny/secrets/x || ls /var/lib/docker" 2>/dev/null',
      );
      // Not in what the machine writes down, nor left over from the verbs.
      await blue.root('! grep -rqs hush-hush /run/anny /var/log /tmp /var/lib/anny; ! journalctl | grep -q hush-hush');
    });

    it('cannot have root run or own what it brings along in a backup', async () => {
      const evil = `
rm -rf /tmp/evil && mkdir -p /tmp/evil/letsencrypt && cd /tmp/evil && ln -s /etc state
printf '{"digest":"%064d"}' 0 > manifest.json
${RESTIC} init >/dev/null 2>&1 || true
anny-box restore "$(${RESTIC} backup --json * | jq -r '.snapshot_id[0:8]')" || true`;
      await green.root('rm -f /var/lib/anny/role.json && anny-box boot >/dev/null');
      await green.box.prepare('green-20260102-000000', 'green');
      await green.box.secrets(secretsWithRepository());
      expect(await green.root(evil)).toContain('is no backup of anny-box');
      await green.box.secrets(secrets());
      expect(await green.root('stat -c %U /etc')).toBe('root');
      expect(await green.root(`stat -c %F ${STATE}`)).toBe('directory');
    });

    it('lets an admitted key read the state, and nothing else', async () => {
      await blue.box.admit(await green.box.pullKey(), green.address);
      const login = `deploy@${blue.address}`;
      const said = await green.root(`ssh ${KEY} ${login} 'id; cat /etc/shadow' </dev/null 2>&1 || true`);
      expect(said).toContain('@RSYNCD');
      expect(said).not.toMatch(/uid=|root:/);
      const sync = `rsync -a -e "ssh ${KEY}"`;
      await green.root(`echo x > /tmp/x; ! ${sync} /tmp/x ${login}::state/ 2>/dev/null`);
      await green.root(`! ${sync} --remove-source-files ${login}::state/ /tmp/taken/ 2>/dev/null`);
      await green.root(`${sync} ${login}::history/ /tmp/taken/ 2>/dev/null; test ! -e /tmp/taken/role.json`);
      await green.root(
        `! ssh ${KEY} -N -L 8000:127.0.0.1:8000 -o ExitOnForwardFailure=yes ${login} -f 2>/dev/null || ! curl -sf -m 2 127.0.0.1:8000/ledger`,
      );
      expect(await blue.root(`test -e ${STATE}/ledger && ls ${STATE}`)).not.toContain('x\n');
      await green.box.stop();
      await green.root('test ! -e /run/anny/pull-key');
    });
  });
}
