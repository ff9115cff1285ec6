import { describe, expect, it } from 'vitest';
import { ask, hurry } from '../trial/asking.ts';
import { blue, green, ground, secrets } from '../trial/pair.ts';

export function firstWriterContract(): void {
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

    it('becomes the writer; without a certificate it tells its health by HTTP, and nothing else', async () => {
      await blue.box.activate();
      await blue.box.activate();
      const plain = (path: string) =>
        blue.root(
          `curl -s -o /dev/null -w '%{http_code}' -H 'Host: ${ground.settings.publicName}' http://127.0.0.1${path}`,
        );
      expect(await Promise.all(['/health', '/', '/ledger'].map(plain))).toEqual(['200', '503', '503']);
    });

    it('asks no issuer while the name leads elsewhere', async () => {
      ground.pointName(green.address);
      await hurry(blue, 'certificate.sh', 'CHALLENGE_SECONDS');
      await expect(blue.box.certificate()).rejects.toThrow('does not lead here');
      const before = await ground.certificatesIssued();
      expect((await blue.box.status()).issuer).toMatchObject({ issuedInWeek: 0, failures: 0 });
      ground.pointName(blue.address);
      expect(await blue.box.certificate()).toMatchObject({ kind: 'issued', name: ground.settings.publicName });
      expect(await ground.certificatesIssued()).toBe(before + 1);
      expect((await blue.box.status()).issuer).toMatchObject({ issuedInWeek: 1, weeklyLimit: 5, failures: 0 });
      // Good for long: neither the timer nor an operator who asks again gets to the issuer.
      await blue.box.certificate();
      await blue.root('systemctl start anny-certificate.service');
      expect(await ground.certificatesIssued()).toBe(before + 1);
      expect((await ask(blue)).status).toBe(200);
      expect(await blue.box.history()).toHaveLength(1);
      expect(await blue.box.status()).toMatchObject({ generation: 1, wrote: 1 });
    });
  });
}
