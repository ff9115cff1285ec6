import { describe, expect, it } from 'vitest';
import { blue, green, ground } from '../trial/pair.ts';

export function imageContract(): void {
  describe('a machine from the image', () => {
    it('has configurations that the real programs accept', async () => {
      await blue.root('nginx -t && sshd -t && visudo -cq');
      await blue.root(
        'systemd-analyze verify anny-box.service anny-serve.service anny-hold.socket anny-peer@192.0.2.1.socket',
      );
      await blue.root(
        'systemd-analyze verify anny-app.service anny-backup.timer anny-changes.timer anny-tend.timer anny-monitor.timer anny-certificate.timer',
      );
      await blue.root('logrotate -d /etc/logrotate.d/anny && nginx -T 2>&1 | grep "worker_connections 16384"');
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
      await expect(blue.box.restore('../../etc')).rejects.toThrow();
      expect(await blue.root('su deploy -c "sudo -n anny-box deadman; sudo -n id; true"')).toMatch(
        /may not run anny-box deadman/,
      );
    });
  });
}
