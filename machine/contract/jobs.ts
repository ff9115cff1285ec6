import { beforeAll, describe, expect, it } from 'vitest';
import { handOver, moveState } from '../trial/handover.ts';
import type { TrialMachine } from '../trial/machines.ts';
import { begin, blue, green, ground } from '../trial/pair.ts';

/** What an image might bring along: a worker, and a timer whose job takes longer than any handover. */
const INSTALL = `
unit() { cat >/etc/systemd/system/$1; }
unit trial-worker.service <<'END'
[Service]
ExecStart=/bin/bash -c 'while true; do date +%%s%%N >/run/trial-worker; sleep 0.05; done'
[Install]
WantedBy=anny-writer.target
END
unit trial-job.timer <<'END'
[Timer]
OnActiveSec=0
AccuracySec=10ms
[Install]
WantedBy=anny-writer.target
END
unit trial-job.service <<'END'
[Service]
Type=oneshot
ExecStart=/bin/sleep 600
END
systemctl daemon-reload
systemctl enable --quiet trial-worker.service trial-job.timer
`;
const REMOVE = `
systemctl disable --quiet --now trial-worker.service trial-job.timer
systemctl stop trial-job.service
rm -f /etc/systemd/system/trial-*
systemctl daemon-reload
`;

const UNITS = ['trial-worker.service', 'trial-job.timer', 'trial-job.service'] as const;

async function running(machine: TrialMachine): Promise<readonly string[]> {
  const states = await machine.root(`systemctl is-active ${UNITS.join(' ')} || true`);
  const lines = states.split('\n');
  return UNITS.filter((_, index) => ['active', 'activating'].includes(lines[index] ?? ''));
}

async function expectRunning(machine: TrialMachine, what: readonly string[]): Promise<void> {
  await expect.poll(() => running(machine), { timeout: 10_000, interval: 100 }).toEqual(what);
}

export function jobsContract(): void {
  describe('timers and workers of the image', () => {
    beforeAll(async () => {
      await Promise.all([blue.root(INSTALL), green.root(INSTALL)]);
      await begin();
      return async () => {
        await Promise.all([blue.root(REMOVE), green.root(REMOVE)]);
      };
    });

    it('run on the writer, and not on a candidate', async () => {
      await expectRunning(blue, UNITS);
      expect(await running(green)).toEqual([]);
    });

    it('have ended before the state is taken, also a job that its timer has started', async () => {
      await moveState(blue, green);
      expect(await running(blue)).toEqual([]);
      const last = await blue.root('cat /run/trial-worker');
      const held = await blue.root('stat -c %.9Y /run/anny/mode/hold');
      expect(BigInt(last)).toBeLessThan(BigInt(held.replace('.', '')));
      await blue.box.resume();
      await expectRunning(blue, UNITS);
    });

    it('go with the role: they start on the new writer, and not before it is one', async () => {
      await moveState(blue, green);
      expect(await running(green)).toEqual([]);
      await blue.box.relay(green.address);
      await green.box.activate();
      await expectRunning(green, UNITS);
      expect(await running(blue)).toEqual([]);
      ground.pointName(green.address);
    });

    it('come back after a restart of the writer, and not on a relay', async () => {
      await Promise.all([green.reboot(), blue.reboot()]);
      await expectRunning(green, UNITS);
      expect(await running(blue)).toEqual([]);
    });

    it('go back with the role, and end when the machine is fenced', async () => {
      await handOver(green, blue);
      ground.pointName(blue.address);
      await expectRunning(blue, UNITS);
      expect(await running(green)).toEqual([]);
      await blue.box.fence();
      expect(await running(blue)).toEqual([]);
    });
  });
}
