import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ask, eventually, lost } from '../trial/asking.ts';
import { startWriting } from '../trial/clients.ts';
import { handOver, moveState } from '../trial/handover.ts';
import { blue, green, ground, secrets } from '../trial/pair.ts';

export function handoverContract(): void {
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
        const { kept, failures, longestMs } = await writing.stop();
        console.info(
          `30 clients: ${kept.length} writes, ${failures.length} failures, longest ${Math.round(longestMs)} ms`,
        );
        expect(failures).toEqual([]);
        expect(kept.length).toBeGreaterThan(100);
        expect(await lost(kept, to)).toEqual([]);
        expect((await from.box.status()).relayed.requests).toBeGreaterThan(0);
      }
      ground.pointName(green.address);
    });

    it('keeps the certificate, the history and the client’s address on the way', async () => {
      expect((await green.box.status()).certificate.kind).toBe('issued');
      expect(
        (await green.box.history()).map(({ event }) => event).filter((event) => event === 'activated'),
      ).toHaveLength(4);
      const spoofed = await ask(blue, '/who', { 'x-forwarded-for': '198.51.100.7', 'x-anny-client': '198.51.100.7' });
      expect(JSON.parse(spoofed.text)).toMatchObject({ client: ground.place.gateway });
    });

    it('lets a lost certificate be issued though the issuer comes by the old address', async () => {
      expect((await green.box.status()).issuer).toMatchObject({ issuedInWeek: 1 });
      ground.pointName(blue.address);
      await green.root('rm -r /etc/letsencrypt/{live,archive,renewal} && anny-box boot >/dev/null');
      expect((await green.box.status()).certificate.kind).toBe('placeholder');
      expect(await green.box.certificate()).toMatchObject({ kind: 'issued' });
      expect((await green.box.status()).issuer).toMatchObject({ issuedInWeek: 2, failures: 0 });
      ground.pointName(green.address);
    });

    it('can be undone up to the commit', async () => {
      const writing = startWriting(ground, green.address, 10);
      const { source, left } = await moveState(green, blue);
      await green.box.resume();
      await blue.box.stop();
      const { kept, failures } = await writing.stop();
      expect(failures).toEqual([]);
      expect(await lost(kept, green)).toEqual([]);
      // The later history came along, and nothing more.
      const { wrote } = await green.box.status();
      expect(await blue.box.status()).toMatchObject({
        ...{ role: 'relay', generation: wrote, wrote: Number(wrote) - 1, takeover: { from: '', at: 0 } },
      });
      // What was left then is not what is there now, even if it could still be had.
      await green.box.admit(await blue.box.pullKey(), blue.address);
      await expect(blue.box.takeover(source, left, 5_000)).rejects.toThrow('is not what it left');
      expect((await blue.box.status()).app.running).toBe(false);
    });

    it('resumes by itself when nobody commits, and refuses a commit that comes too late', async () => {
      const writing = startWriting(ground, green.address, 10);
      await moveState(green, blue, 3_000).catch(() => undefined);
      await eventually(async () => !(await green.box.status()).held);
      await expect(green.box.relay(blue.address)).rejects.toThrow();
      await blue.box.stop();
      const { kept, failures } = await writing.stop();
      expect(failures).toEqual([]);
      expect(await lost(kept, green)).toEqual([]);
    });

    it('does not commit to a machine that does not answer', async () => {
      await green.box.hold(20_000);
      await expect(green.box.relay(blue.address)).rejects.toThrow('does not answer');
      await green.box.resume();
      expect((await ask(green)).status).toBe(200);
    });
  });
}
