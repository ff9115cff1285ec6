import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf, get, startWriting } from './trial/clients.ts';
import { type Ground, openGround } from './trial/ground.ts';
import { handOver, moveState } from './trial/handover.ts';
import { bake, newMachine, type TrialMachine } from './trial/machines.ts';

let ground: Ground;
let blue: TrialMachine;
let green: TrialMachine;
let identity: string;

beforeAll(async () => {
  identity = await generateIdentity();
  ground = await openGround({ backup: { recipients: [await identityToRecipient(identity)] } });
  await bake(ground);
  [blue, green] = await Promise.all([newMachine(ground, 'blue'), newMachine(ground, 'green')]);
});
afterAll(() => ground.close());

const secrets = () => ({ '.env': `LEDGER_KEY=a b$c'"d\n`, 'ca.crt': ground.trust });
const ask = async (machine: TrialMachine, path = '/health', headers = {}) => {
  const client = clientOf(ground, machine.address);
  try {
    return await get(ground, client, path, headers);
  } finally {
    await client.close();
  }
};
const write = async (machine: TrialMachine, text: string) => {
  const writing = startWriting(ground, machine.address, 1, text);
  await sleep(100);
  return writing.stop();
};
const lost = async (kept: readonly string[], machine: TrialMachine) => {
  const ledger = new Set((await ask(machine, '/ledger')).text.split('\n'));
  return kept.filter((text) => !ledger.has(text));
};
const eventually = async (check: () => Promise<boolean>, timeoutMs = 60_000) => {
  const end = Date.now() + timeoutMs;
  while (!(await check().catch(() => false))) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${check}`);
    await sleep(200);
  }
};
const serves = (machine: TrialMachine) => eventually(async () => (await ask(machine)).status === 200);

describe('a machine from the image', () => {
  it('has configurations that the real programs accept', async () => {
    await blue.root('nginx -t && sshd -t && visudo -cq');
    await blue.root(
      'systemd-analyze verify anny-box.service anny-serve.service anny-hold.socket anny-peer@192.0.2.1.socket',
    );
    await blue.root(
      'systemd-analyze verify anny-app.service anny-backup.timer anny-monitor.timer anny-certificate.timer',
    );
    await blue.root('logrotate -d /etc/logrotate.d/anny && dockerd --validate');
  });

  it('has no role and serves nothing', async () => {
    const status = await blue.box.status();
    expect(status).toMatchObject({ role: 'none', app: { running: false }, failedUnits: [] });
    expect(status.certificate.kind).toBe('placeholder');
    const said = await blue.root(`curl -sk https://${ground.settings.publicName} --resolve '*:443:127.0.0.1' -D -`);
    expect(said).toMatch(/ 503/);
    expect(said.toLowerCase()).toContain('strict-transport-security: max-age=63072000; includesubdomains');
    expect(said.toLowerCase()).toContain('content-security-policy:');
  });

  it('refuses verbs that are not for its role, and words that are none', async () => {
    await expect(blue.box.hold(5_000)).rejects.toThrow('this machine is a none; hold is for: writer');
    await expect(blue.box.relay(green.address)).rejects.toThrow('relay is for: writer relay');
    await expect(blue.box.prepare("x'; reboot", 'blue')).rejects.toThrow('is no release');
    await expect(blue.box.fetchBackup('/etc/shadow').then((stream) => stream.toArray())).rejects.toThrow();
    expect(await blue.root('su deploy -c "sudo -n anny-box deadman; sudo -n id; true"')).toMatch(
      /may not run anny-box deadman/,
    );
  });
});

describe('the first writer', () => {
  it('comes up as a candidate that only a pass reaches', async () => {
    await blue.box.prepare('blue-20260101-000000', 'blue');
    await blue.box.secrets(secrets());
    expect(await blue.box.start(30_000)).toMatchObject({ healthy: true, status: 200 });
    const pass = 'ab'.repeat(16);
    await blue.box.pass(pass);
    const through = (header: string) =>
      blue.root(
        `curl -sk -o /dev/null -w '%{http_code}' -H '${header}' --resolve '*:443:127.0.0.1' https://${ground.settings.publicName}/health`,
      );
    expect(await through(`Anny-Pass: ${pass}`)).toBe('200');
    expect(await through('Anny-Pass: ../mode/writer')).toBe('503');
    expect(await through('Anny-Pass: none')).toBe('503');
  });

  it('gets secrets to the app byte by byte, and to nobody else', async () => {
    expect(await blue.root('docker exec ledger printenv LEDGER_KEY GREETING')).toBe(`a b$c'"d\nit's $5 "now"`);
    expect(await blue.root('stat -c %a:%U /opt/anny/.env')).toBe('600:root');
  });

  it('becomes the writer, and gets a certificate by its name', async () => {
    await blue.box.activate();
    await blue.box.activate();
    ground.pointName(blue.address);
    expect(await blue.box.certificate()).toMatchObject({ kind: 'issued', name: ground.settings.publicName });
    expect((await ask(blue)).status).toBe(200);
    expect(await blue.box.history()).toHaveLength(1);
    expect((await blue.box.status()).generation).toBe(1);
  });
});

describe('a handover under load', () => {
  it('loses nothing and fails nobody, there and back, through the old address', async () => {
    await green.box.prepare('green-20260101-000000', 'green');
    await green.box.secrets(secrets());
    await green.box.start(30_000);
    for (const [from, to] of [
      [blue, green],
      [green, blue],
      [blue, green],
    ] as const) {
      const writing = startWriting(ground, from.address, 30);
      await sleep(500);
      await handOver(from, to);
      await sleep(500);
      const { kept, failures } = await writing.stop();
      expect(failures).toEqual([]);
      expect(kept.length).toBeGreaterThan(100);
      expect(await lost(kept, to)).toEqual([]);
      expect((await from.box.status()).relayed.requests).toBeGreaterThan(0);
    }
    ground.pointName(green.address);
  });

  it('keeps the certificate, the history and the client’s address on the way', async () => {
    expect((await green.box.status()).certificate.kind).toBe('issued');
    expect((await green.box.history()).map(({ event }) => event).filter((event) => event === 'activated')).toHaveLength(
      4,
    );
    const spoofed = await ask(blue, '/who', { 'x-forwarded-for': '198.51.100.7', 'x-anny-client': '198.51.100.7' });
    expect(JSON.parse(spoofed.text)).toMatchObject({ client: ground.place.gateway });
  });

  it('can be undone up to the commit', async () => {
    const writing = startWriting(ground, green.address, 10);
    await moveState(green, blue);
    await blue.box.takeover(green.address, 15_000);
    await green.box.resume();
    await blue.box.stop();
    const { kept, failures } = await writing.stop();
    expect(failures).toEqual([]);
    expect(await lost(kept, green)).toEqual([]);
    expect(await blue.box.status()).toMatchObject({ role: 'relay', takeover: { from: '', at: 0 } });
    await expect(blue.box.takeover(green.address, 5_000)).rejects.toThrow('did not come from');
  });

  it('resumes by itself when nobody commits, and refuses a commit that comes too late', async () => {
    const writing = startWriting(ground, green.address, 10);
    await moveState(green, blue, 3_000).catch(() => undefined);
    await eventually(async () => !(await green.box.status()).held);
    await expect(green.box.relay(blue.address)).rejects.toThrow();
    const { kept, failures } = await writing.stop();
    expect(failures).toEqual([]);
    expect(await lost(kept, green)).toEqual([]);
  });

  it('does not commit to a machine that does not answer', async () => {
    await green.box.hold(20_000);
    await green.box.quiesce();
    await expect(green.box.relay(blue.address)).rejects.toThrow('does not answer');
    await green.box.resume();
    expect((await ask(green)).status).toBe(200);
  });

  it('lets an admitted key read the state, and nothing else', async () => {
    await green.box.admit(await blue.box.pullKey(), blue.address);
    const key = '-i /run/anny/pull-key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes';
    const said = await blue.root(`ssh ${key} deploy@${green.address} 'id; cat /etc/shadow' </dev/null 2>&1 || true`);
    expect(said).toContain('@RSYNCD');
    expect(said).not.toMatch(/uid=|root:/);
    const writes = await blue.root(
      `echo x > /tmp/x; rsync -e "ssh ${key}" /tmp/x deploy@${green.address}::state/ 2>&1 || true`,
    );
    expect(writes).toContain('read only');
  });
});

describe('after a reboot', () => {
  it('a writer serves again, and only once the name leads to it', async () => {
    const before = await write(green, 'before');
    ground.pointName(undefined);
    await green.reboot();
    await sleep(4_000);
    // Docker does not start the app by itself after a power cut either.
    expect(await green.box.status()).toMatchObject({ role: 'writer', app: { running: false } });
    expect((await ask(green)).status).toBe(503);
    ground.pointName(green.address);
    await serves(green);
    expect(await lost(before.kept, green)).toEqual([]);
  });

  it('a relay relays, and a writer behind it finds its name through it', async () => {
    ground.pointName(blue.address);
    await blue.reboot();
    await serves(blue);
    await green.reboot();
    await serves(blue);
    ground.pointName(green.address);
  });

  it('a held writer resumes', async () => {
    await green.box.hold(90_000);
    await green.box.quiesce();
    await green.reboot();
    await serves(green);
    expect((await green.box.status()).held).toBe(false);
  });

  it('a machine that took over serves its peer, which may have committed', async () => {
    await moveState(green, blue, 60_000);
    await blue.box.takeover(green.address, 15_000);
    await blue.reboot();
    await eventually(async () => (await blue.box.status()).app.running);
    await green.box.relay(blue.address);
    await serves(green);
    await blue.box.activate();
    ground.pointName(blue.address);
    expect((await ask(blue)).status).toBe(200);
  });

  it('a writer whose place another one took is fenced', async () => {
    await blue.root(`jq '.role = "writer" | .generation = 1' /var/lib/anny/role.json > /tmp/r`);
    await green.root(
      `jq '.role = "writer" | .generation = 1' /var/lib/anny/role.json > /tmp/r && mv /tmp/r /var/lib/anny/role.json`,
    );
    await green.reboot();
    await eventually(async () => (await green.box.status()).role === 'fenced');
    expect((await ask(green)).status).toBe(503);
    expect((await green.box.status()).app.running).toBe(false);
  });
});

describe('what an operator fears', () => {
  it('a full disk refuses a commit, and the machine serves on', async () => {
    await green.root(
      `jq '.role = "relay" | .relayTo = "${blue.address}"' /var/lib/anny/role.json > /tmp/r && mv /tmp/r /var/lib/anny/role.json && anny-box boot >/dev/null`,
    );
    await moveState(blue, green, 60_000);
    await green.box.takeover(blue.address, 15_000);
    await blue.root(
      `cp -a /var/lib/anny /tmp/anny && mount -t tmpfs -o size=64k,mode=700 tmpfs /var/lib/anny && cp -a /tmp/anny/. /var/lib/anny/
       dd if=/dev/zero of=/var/lib/anny/fill bs=4k 2>/dev/null || true`,
    );
    await expect(blue.box.relay(green.address)).rejects.toThrow('the role file could not be written');
    await blue.box.resume();
    expect((await ask(blue)).status).toBe(200);
    await blue.root('umount /var/lib/anny');
    expect((await blue.box.status()).role).toBe('writer');
    await green.box.stop();
  });

  it('a verb that was killed after the role file is finished by the dead man’s timer', async () => {
    await blue.root(`touch /run/anny/mode/hold && echo '1 1' > /run/anny/hold && anny-box deadman`);
    expect((await ask(blue)).status).toBe(200);
    expect((await blue.box.status()).held).toBe(false);
  });

  it('two verbs at once take turns', async () => {
    const budgets = [5_000, 5_000, 5_000, 5_000];
    await Promise.all(budgets.map((budgetMs) => blue.box.hold(budgetMs)));
    await Promise.all(budgets.map(() => blue.box.resume()));
    expect(await blue.box.status()).toMatchObject({ role: 'writer', held: false, app: { running: true } });
  });

  it('a backup is encrypted, consistent, and comes back whole or not at all', async () => {
    const writing = startWriting(ground, blue.address, 10);
    const made = await blue.box.backup();
    const { failures } = await writing.stop();
    expect(failures).toEqual([]);
    const archive = Buffer.concat(await (await blue.box.fetchBackup(made.path)).toArray());
    expect(archive).toHaveLength(made.bytes);
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const tar = Buffer.from(await decrypter.decrypt(archive));
    await green.root('rm /var/lib/anny/role.json && anny-box boot >/dev/null');
    await green.box.prepare('green-20260102-000000', 'green');
    const before = await green.root('ls -la /var/lib/docker/volumes/ledger-state/_data');
    await expect(green.box.restore(Readable.from([tar.subarray(0, tar.length / 2)]))).rejects.toThrow();
    expect(await green.root('ls -la /var/lib/docker/volumes/ledger-state/_data')).toBe(before);
    const restored = await green.box.restore(Readable.from([tar]));
    expect(restored.bytes).toBeGreaterThan(0);
    expect((await green.box.status()).certificate.kind).toBe('issued');
    expect((await green.box.history()).at(-1)).toMatchObject({ event: 'restored', release: 'green-20260102-000000' });
  });

  it('the webhook hears of a change once, and not of the same state again', async () => {
    const heard: string[] = [];
    const hook = createServer((request, response) => {
      request.on('data', (chunk) => heard.push(JSON.parse(String(chunk)).text));
      request.on('end', () => response.end());
    });
    await new Promise<void>((resolve) => hook.listen(18080, ground.place.gateway, resolve));
    await blue.box.secrets({ ...secrets(), 'alert-webhook': `http://${ground.place.gateway}:18080/hook` });
    await blue.root('systemctl stop anny-app && anny-box monitor && anny-box monitor');
    await blue.root('anny-box activate >/dev/null; sleep 1; anny-box monitor; anny-box monitor');
    hook.close();
    expect(heard.map((text) => text.split(',')[0])).toEqual([
      `${ground.settings.publicName} is DOWN (was UP)`,
      `${ground.settings.publicName} is UP (was DOWN)`,
    ]);
  });

  it('a fenced machine serves nothing, now and after a reboot', async () => {
    await blue.box.fence();
    expect((await ask(blue)).status).toBe(503);
    await blue.reboot();
    await sleep(2_000);
    expect(await blue.box.status()).toMatchObject({ role: 'fenced', app: { running: false } });
    expect((await ask(blue)).status).toBe(503);
    await expect(blue.box.activate()).rejects.toThrow('this machine is a fenced');
  });
});
