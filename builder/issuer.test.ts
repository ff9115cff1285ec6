import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { issuerSchema } from '../machine/box.ts';
import { runProgram, withDirectory } from './trial/programs.ts';

const PARTS = join(import.meta.dirname, '..', 'templates/base/usr/local/lib/anny');
const SERVER = 'https://acme.test/directory';
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** Runs lines of shell with anny-box's own part and a record of its own. */
function inShell(directory: string, lines: string) {
  const script = `set -Eeuo pipefail; shopt -s inherit_errexit; . ${PARTS}/answer.sh
LETSENCRYPT=${directory} PUBLIC_NAME=app.test ACME_SERVER=${SERVER} ACME_WEEKLY_LIMIT=5
. ${PARTS}/issuer.sh
die() { echo "refused: $1 / $2"; exit 1; }
${lines}`;
  return runProgram('bash', ['-c', script]);
}

/** What happened so many seconds ago. */
type Past = readonly (readonly [secondsAgo: number, outcome: 'issued' | 'failed', reason?: string])[];

async function withRecord(past: Past, body: (directory: string) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const now = Math.floor(Date.now() / 1000);
    const lines = past.map(([ago, outcome, reason = '']) => `${now - ago} ${outcome} ${SERVER} ${reason}\n`);
    await writeFile(join(directory, 'anny-issuer'), lines.join(''));
    await body(directory);
  });
}

async function seen(directory: string) {
  const { stdout } = await inShell(directory, 'issuer_json');
  return issuerSchema.parse(JSON.parse(stdout));
}

const asked = async (directory: string, word = '') =>
  (await inShell(directory, `require_issuer ${word}; echo asked`)).stdout;

const failures = (count: number, spacing: number, last: number): Past =>
  Array.from({ length: count }, (_, index) => [last + (count - 1 - index) * spacing, 'failed', 'no such name']);

// Shells by the dozen: a busy computer needs more than the usual time for them.
describe('the record of what an issuer was asked', { timeout: 60_000 }, () => {
  test('begins empty: the issuer may be asked, and nothing was issued', () =>
    withDirectory(async (directory) => {
      expect(await seen(directory)).toEqual({
        ...{ server: SERVER, issuedInWeek: 0, weeklyLimit: 5, failures: 0, failure: '', nextTryAt: 0 },
      });
      expect(await asked(directory)).toBe('asked\n');
    }));

  test('counts a question that was cut off, and replaces it by what came of it', () =>
    withDirectory(async (directory) => {
      await inShell(directory, 'note_question');
      expect(await seen(directory)).toMatchObject({ failures: 1, failure: 'it was cut off' });
      await inShell(directory, `note_answer failed 'the name\n leads nowhere'; note_question; note_answer issued`);
      expect(await seen(directory)).toMatchObject({ issuedInWeek: 1, failures: 0, failure: '', nextTryAt: 0 });
      expect((await readFile(join(directory, 'anny-issuer'), 'utf8')).split('\n')).toHaveLength(3);
    }));

  test('keeps the last hundred lines', () =>
    withRecord(failures(300, 8 * HOUR, DAY), async (directory) => {
      await inShell(directory, 'note_question');
      expect((await readFile(join(directory, 'anny-issuer'), 'utf8')).split('\n')).toHaveLength(102);
    }));

  test('lets five through in a week, says when the next is possible, and no word gets past that', () =>
    withRecord(
      [[8 * DAY, 'issued'], ...Array.from({ length: 5 }, (_, index): Past[number] => [(6 - index) * DAY, 'issued'])],
      async (directory) => {
        const { issuedInWeek, nextTryAt } = await seen(directory);
        expect(issuedInWeek).toBe(5);
        expect(Math.abs(nextTryAt - (Date.now() / 1000 + DAY))).toBeLessThan(10);
        expect(await asked(directory)).toMatch(/^refused: 5 certificates for app\.test .*next is possible at \d{4}-/);
        expect(await asked(directory, 'now')).toMatch(/^refused: 5 /);
      },
    ));

  test('waits longer after each failure in a row, unless a person says now', async () => {
    const waits = [1, 15, 60, 120, 240, 480, 720, 720];
    for (const [index, minutes] of waits.entries()) {
      const past = failures(index + 1, DAY, minutes * MINUTE - 30);
      await withRecord(past, async (directory) => {
        expect(await asked(directory), `${index + 1} failures`).toMatch(/refused .* times in a row.*no such name/);
        expect(await asked(directory, 'now')).toBe('asked\n');
      });
      await withRecord(failures(index + 1, DAY, minutes * MINUTE + 1), async (directory) => {
        expect(await asked(directory), `${index + 1} failures`).toBe('asked\n');
      });
    }
  });

  test('lets four failures happen within an hour: one is left before the issuer itself refuses the name', () =>
    withRecord(failures(4, 5 * MINUTE, 2 * MINUTE), async (directory) => {
      expect(await asked(directory, 'now')).toMatch(/^refused: the issuer refused 4 times within the hour/);
    }));

  test('has no loop in it: whoever asks again and again for a day, and always fails, gets to the issuer a few times', () =>
    withDirectory(async (directory) => {
      // Time passes by making the record older.
      const older = `awk -v by=600 '{ $1 -= by; print }' "$ISSUER_RECORD" >"$ISSUER_RECORD.older"; mv "$ISSUER_RECORD.older" "$ISSUER_RECORD"`;
      const { stdout } = await inShell(
        directory,
        `touch "$ISSUER_RECORD"; for ((i = 0; i < 144; i++)); do
  if (require_issuer >/dev/null); then note_question; echo asked; fi
  ${older}
done`,
      );
      const count = stdout.split('\n').length - 1;
      expect(count).toBeGreaterThan(5);
      expect(count).toBeLessThanOrEqual(9);
    }));

  test('does not count what another issuer gave: staging and production have budgets of their own', () =>
    withDirectory(async (directory) => {
      const now = Math.floor(Date.now() / 1000);
      const other = 'https://staging.acme.test/directory';
      await writeFile(
        join(directory, 'anny-issuer'),
        `${now - 60} issued ${other} \n${now - 30} failed ${other} why\n`,
      );
      expect(await seen(directory)).toMatchObject({ issuedInWeek: 0, failures: 0 });
    }));

  test('believes the lineage where it knows of more certificates than the record', () =>
    withDirectory(async (directory) => {
      await mkdir(join(directory, 'archive/app.test'), { recursive: true });
      await mkdir(join(directory, 'renewal'));
      for (const [index, days] of [30, 6, 2].entries()) {
        const path = join(directory, `archive/app.test/cert${index + 1}.pem`);
        await writeFile(path, 'a certificate');
        const at = new Date(Date.now() - days * DAY * 1000);
        await utimes(path, at, at);
      }
      const lineageOf = (server: string) =>
        writeFile(join(directory, 'renewal/app.test.conf'), `version = 2.1.0\nserver = ${server}\n`);
      await lineageOf(SERVER);
      expect((await seen(directory)).issuedInWeek).toBe(2);
      await lineageOf('https://other.test/directory');
      expect((await seen(directory)).issuedInWeek).toBe(0);
    }));
});

const LIVE = 'https://acme-v02.api.letsencrypt.org/directory';
const STAGING = 'https://acme-staging-v02.api.letsencrypt.org/directory';
const PRIVATE = 'https://ca.example.com/acme/directory';

describe('a certificate is asked for', { timeout: 60_000 }, () => {
  test.each([
    ['where there is none', 'placeholder', 90, '', LIVE, true],
    ['not while it is good', 'issued', 31, LIVE, LIVE, false],
    ['when a third of its life is left', 'issued', 29, LIVE, LIVE, true],
    ['when it is over', 'issued', -1, LIVE, LIVE, true],
    ['from the live issuer, in place of one for trying', 'issued', 80, STAGING, LIVE, true],
    ['from a private issuer that is configured now', 'issued', 80, LIVE, PRIVATE, true],
    ['not for trying, in place of a good one', 'issued', 80, LIVE, STAGING, false],
    ['not again where nobody knows whose it is', 'issued', 80, '', LIVE, false],
  ])('%s', async (_when, kind, daysLeft, from, configured, due) => {
    const script = `set -Eeuo pipefail; shopt -s inherit_errexit; . ${PARTS}/certificate.sh
ACME_SERVER=${configured} PUBLIC_NAME=app.test
certificate_kind() { echo ${kind}; }
lineage_server() { echo '${from}'; }
look_at_life() { LIFE_END=$(($(date +%s) + ${daysLeft} * 86400)); LIFE_BEGIN=$((LIFE_END - 90 * 86400)); }
if certificate_due; then echo due; else echo 'not due'; fi`;
    const { stdout, stderr } = await runProgram('bash', ['-c', script]);
    expect({ stdout, stderr }).toEqual({ stdout: due ? 'due\n' : 'not due\n', stderr: '' });
  });
});
