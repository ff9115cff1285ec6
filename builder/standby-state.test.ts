import { describe, expect } from 'vitest';
import { testBy } from './trial/programs.ts';
import { besideWriter, FENCE } from './trial/standby.ts';

const MIB = 1024 * 1024;
const UNHEALTHY = 'wait_healthy() { return 1; }';
const POWER_CUT = 'wait_healthy() { kill -KILL $$; }';

describe.concurrent('what a standby keeps', () => {
  for (const [what, verbs] of [
    ['is unhealthy', [`pull; ${UNHEALTHY}; take_over`]],
    ['is unhealthy where nothing was pulled ahead', [`${UNHEALTHY}; take_over`]],
    ['is unhealthy again', [`pull; ${UNHEALTHY}; take_over`, `${UNHEALTHY}; take_over`]],
    ['meets a power cut', [`pull; ${POWER_CUT}; take_over`]],
    ['meets a power cut before the machine is fenced', [`pull; ${POWER_CUT}; take_over`, FENCE]],
  ] as const) {
    testBy('rsync', `is byte for byte what it was when an app that writes in place ${what}`, () =>
      besideWriter(async (standby) => {
        const before = await standby.state();
        for (const lines of [...verbs, ':']) await standby.box(lines);
        expect(await standby.names('run')).toContain('started');
        expect(await standby.state()).toEqual(before);
      }),
    );
  }

  for (const [when, lines] of [
    ['', 'pull; take_over; wait'],
    [', though the power goes in that moment', 'pull; pass_state() { kill -KILL $$; }; take_over'],
  ] as const) {
    testBy('rsync', `goes once a takeover has succeeded${when}, also where the machine is fenced next`, () =>
      besideWriter(async (standby) => {
        for (const verb of [lines, FENCE, ':']) await standby.box(verb);
        expect(await standby.read('ledger')).toBe('peer');
        expect(await standby.read('database')).toBe('spoiltof a database');
      }),
    );
  }

  testBy('rsync', 'goes once a takeover has succeeded, though the disk fails when the machine is fenced next', () =>
    besideWriter(async (standby) => {
      const failing = 'mv() { [[ $* != *outgoing* ]] || return 1; command mv "$@"; }';
      for (const verb of ['pull; pass_state() { kill -KILL $$; }; take_over', `${failing}; ${FENCE}`, ':']) {
        await standby.box(verb);
      }
      expect(await standby.read('ledger')).toBe('peer');
    }),
  );

  testBy('rsync', 'is asked about before it is copied: without room nothing is moved', () =>
    besideWriter(async (standby) => {
      const { stdout } = await standby.box('state_room_mib() { echo 40; }; pull');
      expect(JSON.parse(stdout)).toMatchObject({
        error: expect.stringMatching(/^a takeover needs 64 MiB here for a copy of the state.*, and 40 MiB are free$/),
      });
      expect(await standby.names('volume')).toEqual(['_data']);
    }),
  );

  testBy('rsync', 'gets the room of what the next backup would begin with, unless a backup still reads that', () =>
    besideWriter(async (standby) => {
      const room = 'state_room_mib() { [[ -e $BACKUP_DIR/copy ]] && echo 40 || echo 80; }';
      expect(await standby.box(`exec 8>>"$RUN/backup-lock"; flock 8; ${room}; pull`)).toMatchObject({ code: 1 });
      expect(await standby.names('backups')).toEqual(['copy']);
      expect(await standby.box(`${room}; pull`)).toMatchObject({ code: 0 });
      expect(await standby.names('backups')).toEqual([]);
    }),
  );

  testBy('rsync', 'leaves room for the file that the app writes to, or no request is made to wait for it', () =>
    besideWriter(async (standby) => {
      await standby.peerWrites('database', 3 * MIB);
      const { stdout } = await standby.box(
        'state_room_mib() { [[ -d $STATE/../ahead ]] && echo 66 || echo 99; }; pull',
      );
      expect(JSON.parse(stdout)).toMatchObject({
        error: expect.stringMatching(/^a takeover needs 67 MiB here for the largest file/),
      });
    }),
  );
});
