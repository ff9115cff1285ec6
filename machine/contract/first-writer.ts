import { describe, expect, it } from 'vitest';
import { ask } from '../trial/asking.ts';
import { blue, ground, secrets } from '../trial/pair.ts';

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
}
