import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../trial/asking.ts';
import { startWriting } from '../trial/clients.ts';
import { handOver } from '../trial/handover.ts';
import { begin, blue, green, ground } from '../trial/pair.ts';
import { openEvents, openStream, slowDownload, slowUpload, uploadBytes } from '../trial/streams.ts';

const PIECES = 64;
const UPLOADS = 80;
const UPLOAD_PIECES = 4;
/** What the trial's app answers to /download. */
const DOWNLOAD_BYTES = 32 * 1024 * 1024;

export function requestsContract(): void {
  describe('requests that are under way when a handover begins', () => {
    beforeAll(begin);

    it('are answered: a slow upload by the new machine, a slow answer by the old one', async () => {
      const upload = slowUpload(blue, PIECES, 100);
      const slow = ask(blue, '/slow');
      const stream = await openStream(blue);
      await stream.echo('before');
      await handOver(blue, green);
      expect((await slow).text).toBe('slow');
      // The app ends it as it stops; the client comes back by the same address.
      await stream.closed;
      const again = await openStream(blue);
      await again.echo('after');
      expect(await upload).toBe(`200 ${uploadBytes(PIECES)}`);
      // A handover on the relay's other side ends it as well, and it outlives what does not concern it.
      await sleep(1_000);
      await again.echo('still');
      // Counted while it lasts: no log knows it yet.
      expect((await blue.box.status()).relayed.open).toBe(1);
      again.close();
      await sleep(500);
      expect((await blue.box.status()).relayed).toMatchObject({ open: 0, writes: 1 });
    });

    it('are answered whenever an upload ends: before, during and after it', async () => {
      const uploads = Array.from({ length: UPLOADS }, (_, index) =>
        slowUpload(green, UPLOAD_PIECES, (500 + index * 50) / UPLOAD_PIECES),
      );
      await sleep(500);
      await handOver(green, blue);
      expect(new Set(await Promise.all(uploads))).toEqual(new Set([`200 ${uploadBytes(UPLOAD_PIECES)}`]));
    });

    it('go on: an answer that is read slowly comes whole, and events come one by one, also through the relay', async () => {
      const relayed = await openEvents(green);
      const own = await openEvents(blue);
      await Promise.all([relayed.next(), own.next()]);
      const downloads = [slowDownload(green, 5), slowDownload(blue, 5)];
      await sleep(300);
      await handOver(blue, green);
      // The app ends them as it stops, in good order.
      await Promise.all([relayed.ended, own.ended]);
      expect(await Promise.all(downloads)).toEqual([DOWNLOAD_BYTES, DOWNLOAD_BYTES]);
      const again = await openEvents(blue);
      for (let count = 0; count < 5; count += 1) await again.next();
      again.close();
    });

    it('are counted by the app too: the relay knows what it had at the handover, and what it has now', async () => {
      const before = (await blue.box.status()).peerWrites;
      const writing = startWriting(ground, green.address, 4, 'direct');
      await sleep(500);
      const { kept } = await writing.stop();
      await blue.root('systemctl start anny-monitor.service');
      const after = (await blue.box.status()).peerWrites;
      expect(after).toMatchObject({ handedOver: before?.handedOver, seen: (before?.seen ?? 0) + kept.length });
      expect(kept.length).toBeGreaterThan(10);
    });

    it('wait by the hundred, and all are answered', async () => {
      const writing = startWriting(ground, green.address, 600, 'crowd');
      await sleep(1_500);
      await handOver(green, blue);
      await sleep(500);
      const { kept, failures, longestMs } = await writing.stop();
      console.info(
        `600 clients: ${kept.length} writes, ${failures.length} failures, longest ${Math.round(longestMs)} ms`,
      );
      expect(failures).toEqual([]);
      expect(kept.length).toBeGreaterThan(1_200);
    });
  });
}
