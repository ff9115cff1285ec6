import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { ask, eventually, hurry } from '../trial/asking.ts';
import { begin, blue, ground, secrets } from '../trial/pair.ts';

const BROKEN = '/run/systemd/system/anny-app.service.d';

export function nightContract(): void {
  describe('when nobody looks', () => {
    beforeAll(begin);

    it('a verb that was killed after the role file is finished by the dead man’s timer', async () => {
      await blue.root(`touch /run/anny/mode/hold && echo '1 1' > /run/anny/hold && anny-box deadman`);
      expect((await ask(blue)).status).toBe(200);
      expect((await blue.box.status()).held).toBe(false);
    });

    it('the dead man’s timer gives up neither on a lock nor on an app that does not start', async () => {
      await blue.box.hold(5_000);
      await blue.root(
        `mkdir -p ${BROKEN} && printf '[Service]\\nExecStartPre=/bin/false\\n' > ${BROKEN}/broken.conf && systemctl daemon-reload`,
      );
      await expect(blue.box.resume()).rejects.toThrow('the app was not healthy');
      expect(await blue.box.status()).toMatchObject({ role: 'writer', held: false });
      // Requests are told so, instead of waiting for ever.
      expect((await ask(blue)).status).toBe(502);
      await blue.root(`rm -r ${BROKEN} && systemctl daemon-reload`);
      await blue.box.hold(3_000);
      await blue.root('flock /run/anny/lock sleep 5');
      await eventually(async () => (await ask(blue)).status === 200 && !(await blue.box.status()).held);
    });

    it('two verbs at once take turns', async () => {
      const budgets = [5_000, 5_000, 5_000, 5_000];
      await Promise.all(budgets.map((budgetMs) => blue.box.hold(budgetMs)));
      await expect(blue.box.certificate()).rejects.toThrow('a handover is under way');
      await Promise.all(budgets.map(() => blue.box.resume()));
      expect(await blue.box.status()).toMatchObject({ role: 'writer', held: false, app: { running: true } });
    });

    it('the webhook hears of a change once, and not of the same state again', async () => {
      const heard: string[] = [];
      const hook = createServer((request, response) => {
        request.on('data', (chunk) => heard.push(JSON.parse(String(chunk)).text));
        request.on('end', () => response.end());
      });
      await new Promise<void>((resolve) => hook.listen(18080, ground.place.gateway, resolve));
      await blue.box.secrets({ ...secrets(), 'alert-webhook': `http://${ground.place.gateway}:18080/hook` });
      await hurry(blue, 'monitor.sh', 'LOOK_AGAIN_SECONDS');
      // Asked while requests are held, it says nothing.
      await blue.box.hold(20_000);
      await blue.root('anny-box monitor');
      await blue.box.resume();
      await blue.root('systemctl stop anny-app && anny-box monitor && anny-box monitor');
      await blue.root('anny-box activate >/dev/null; sleep 1; anny-box monitor; anny-box monitor');
      hook.close();
      expect(heard.map((text) => text.split(',')[0])).toEqual([
        `${ground.settings.publicName} is DOWN (was UP)`,
        `${ground.settings.publicName} is UP (was DOWN)`,
      ]);
    });

    it('status answers when Docker does not', async () => {
      await blue.root('systemctl stop docker.socket docker');
      expect(await blue.box.status()).toMatchObject({ role: 'writer', app: { running: false } });
      await blue.root('systemctl start docker');
      await blue.box.activate();
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
}
