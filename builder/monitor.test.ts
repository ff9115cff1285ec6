import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { runProgram, withDirectory } from './trial/programs.ts';

const PARTS = join(import.meta.dirname, '..', 'templates/base/usr/local/lib/anny');

interface Scene {
  /** One turn of the timer. `health`: what client after client sees; `during` happens between two looks. */
  turn(health: string, during?: string): Promise<{ readonly code: number; readonly stderr: string }>;
  /** Same, with what a certificate has left of its 90 days; undefined for none at all. */
  certificate(daysLeft: number | undefined): Promise<void>;
  readonly heard: readonly unknown[];
  /** What the webhook answers from now on. */
  answer(status: number): void;
}

/** anny-box's own part with a webhook that listens; the machine around it is made of a few functions. */
async function watched(body: (scene: Scene) => Promise<void>): Promise<void> {
  const heard: unknown[] = [];
  let status = 204;
  const hook = createServer(async (request, response) => {
    const said: unknown = JSON.parse(await text(request));
    if (status < 300) heard.push(said);
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => hook.once('listening', resolve));
  const { port } = hook.address() as AddressInfo;
  try {
    await withDirectory(async (directory) => {
      await writeFile(join(directory, 'alert-webhook'), `http://127.0.0.1:${port}/hook\n`);
      const part = (await readFile(join(PARTS, 'monitor.sh'), 'utf8')).replaceAll('$LIB/', `${directory}/`);
      await writeFile(join(directory, 'monitor.sh'), part);
      const run = (lines: string) => runProgram('bash', ['-c', `${machine(directory)}\n${lines}\nverb_monitor`]);
      await body({
        turn: (health, during = '') => run(`answers=(${health}); during() { ${during || ':'}; }`),
        certificate: async (daysLeft) => {
          const kind = daysLeft === undefined ? 'placeholder' : 'issued';
          await run(`answers=(200); kind=${kind}; days=${daysLeft ?? 0}`);
        },
        heard,
        answer: (code) => {
          status = code;
        },
      });
    });
  } finally {
    hook.closeAllConnections();
    hook.close();
  }
}

const machine = (directory: string): string => `
set -Eeuo pipefail; shopt -s inherit_errexit
. ${PARTS}/answer.sh
LETSENCRYPT=${directory} OPT=${directory} WORK=${directory} TRUST=/etc/ssl/certs/ca-certificates.crt
PUBLIC_NAME=app.test ACME_SERVER=https://acme.test/dir ACME_WEEKLY_LIMIT=5 MONITOR_TIMEOUT_SECONDS=10
RELEASE=blue-1 ROLE=writer SINCE=0 kind=issued days=60
. ${PARTS}/issuer.sh
. ${directory}/monitor.sh
write_file() { cat >"$1"; }
note() { :; }
load_role() { :; }
held() { [[ \${HELD:-no} == yes ]]; }
during() { :; }
sleep() { during; }
unfreeze_if_forgotten() { :; }
certificate_kind() { echo "$kind"; }
life_left_below() { LIFE_END=1800000000; ((days * $1 < 90)); }
asked=0
client_sees_health() {
  local status=\${answers[asked]}
  asked=$((asked + 1)) SEEN="HTTP $status"
  [[ $status == 2* ]]
}`;

describe("a machine's own monitor", { timeout: 60_000 }, () => {
  test('tells of a change, not of a state, and remembers over a restart', () =>
    watched(async ({ turn, heard }) => {
      for (const health of ['200', '503 503', '503', '000', '200', '200']) await turn(health);
      const alert = (text: string) => ({ text, content: text });
      expect(heard).toEqual([
        alert('app.test is DOWN (was UP), release blue-1, HTTP 503'),
        alert('app.test is UP (was DOWN), release blue-1, HTTP 200'),
      ]);
    }));

  test('asks a second time before it believes that the app is down', () =>
    watched(async ({ turn, heard }) => {
      await turn('503 200');
      expect(heard).toEqual([]);
    }));

  test.each(['HELD=yes', 'ROLE=relay; ask_peer() { echo 0; }'])('raises no alarm for a handover: %s', (during) =>
    watched(async ({ turn, heard }) => {
      await turn('000 000', during);
      expect(heard).toEqual([]);
      await turn('200');
      expect(heard).toEqual([]);
    }),
  );

  test('tells again what the webhook did not take, and fails until it did', () =>
    watched(async ({ turn, heard, answer }) => {
      answer(500);
      const failed = await turn('503 503');
      expect(failed.code).not.toBe(0);
      expect(heard).toEqual([]);
      answer(204);
      expect((await turn('503 503')).code).toBe(0);
      await turn('503');
      expect(heard).toHaveLength(1);
    }));

  test('tells once that a certificate was not renewed in time, and once that it is good again', () =>
    watched(async ({ certificate, heard }) => {
      for (const days of [60, 29, 14, 13, 3, 89, 88]) await certificate(days);
      expect(heard.map((one) => String((one as { text: string }).text).slice(0, 52))).toEqual([
        'The certificate of app.test ends at 2027-01-15 08:00',
        'The certificate of app.test is good again, until 202',
      ]);
    }));

  test('tells once of a repository that is damaged, and once that it is in order again', () =>
    watched(async ({ turn, heard }) => {
      for (const made of ['echo "pack 1a is gone" >"$DAMAGE"', ':', 'rm "$DAMAGE"', ':'])
        await turn('200', `:; }; ${made}; during() { :`);
      expect(heard.map((one) => (one as { text: string }).text)).toEqual([
        'The check of the backup repository of app.test failed: pack 1a is gone, release blue-1',
        'The backup repository of app.test is in order again, release blue-1',
      ]);
    }));

  test('tells that there is no certificate at all', () =>
    watched(async ({ certificate, heard }) => {
      await certificate(undefined);
      await certificate(undefined);
      expect(heard).toEqual([
        expect.objectContaining({ text: expect.stringContaining('app.test has no certificate') }),
      ]);
    }));

  test.each([
    ['https://hooks.slack.com/services/T0/B0/x', ['text']],
    ['https://discord.com/api/webhooks/1/x', ['content']],
    ['https://ptb.discord.com/api/webhooks/1/x', ['content']],
    ['https://discord.com/api/webhooks/1/x/slack', ['text']],
    ['https://chat.example.com:8443/hooks/x', ['text', 'content']],
  ])('writes to %s as it is read there', (url, keys) =>
    withDirectory(async (directory) => {
      const part = await readFile(join(PARTS, 'monitor.sh'), 'utf8');
      await writeFile(join(directory, 'monitor.sh'), part);
      const script = `LIB=${directory}; . ${directory}/monitor.sh; alert_body '${url}' 'it "is" down'`;
      const { stdout } = await runProgram('bash', ['-c', script]);
      expect(JSON.parse(stdout)).toEqual(Object.fromEntries(keys.map((key) => [key, 'it "is" down'])));
    }),
  );
});
