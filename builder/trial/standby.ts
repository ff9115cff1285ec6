import { lstat, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layOutParts } from './box-parts.ts';
import { type Ran, runProgram, withDirectory } from './programs.ts';

const USED = ['answer', 'role', 'flags', 'app', 'state', 'room', 'pull', 'backup', 'candidate'] as const;
const PEER = '10.0.0.2';
const HOST_KEY = `ssh-ed25519 ${'A'.repeat(68)}`;
const LONG_AGO = new Date('2026-01-01T00:00:00Z');
/** Before every other verb a takeover that was cut off is settled. */
export const FENCE = 'verb_fence';

/** As a database does; nothing but its content and its time changes. */
const IN_PLACE = 'printf spoilt | dd of="$STATE/database" conv=notrunc status=none';

export interface Standby {
  /** Lines of shell with anny-box's own parts. `pull` and `take_over` are those verbs. */
  box(lines: string): Promise<Ran>;
  /** Everything about it but who has looked at it. */
  state(): Promise<readonly string[]>;
  /** Names in the directory of that name. */
  names(directory: 'run' | 'volume' | 'backups'): Promise<readonly string[]>;
  read(name: string): Promise<string>;
  /** What the app of the other machine does, just now. */
  peerWrites(name: string, bytes: number): Promise<void>;
}

/** A standby beside a writer whose newer state is the same but for one file. Both are directories here, with real rsync. */
export function besideWriter(body: (standby: Standby) => Promise<void>): Promise<void> {
  return withDirectory(async (directory) => {
    await layOut(directory);
    const root = join(directory, 'volume/_data');
    const read = (name: string) => readFile(join(root, name), 'utf8');
    await body({
      box: (lines) => runProgram('bash', ['-c', `${machine(directory)}\n${verb(directory, lines)}`]),
      state: async () => {
        const names = (await readdir(root, { recursive: true })).sort();
        return Promise.all(
          names.map(async (name) => {
            const found = await lstat(join(root, name));
            const { mode, size, mtimeMs, nlink } = found;
            return [name, mode, size, mtimeMs, nlink, found.isFile() ? await read(name) : ''].join(' ');
          }),
        );
      },
      names: (one) => readdir(join(directory, one)),
      read,
      peerWrites: (name, bytes) => writeFile(join(directory, 'peer', name), Buffer.alloc(bytes, 'x')),
    });
  });
}

async function layOut(directory: string): Promise<void> {
  for (const name of ['run/takeover', 'lib', 'opt', 'volume/_data/deep', 'peer/deep', 'backups/copy'])
    await mkdir(join(directory, name), { recursive: true });
  await layOutParts(directory, USED);
  await writeFile(join(directory, 'run/pull-key'), 'a key');
  for (const state of ['volume/_data', 'peer']) {
    const files = { database: 'pages of a database', 'deep/kept': 'kept', ledger: state };
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(directory, state, name), text);
      await utimes(join(directory, state, name), LONG_AGO, LONG_AGO);
    }
  }
}

/** The way between the machines, and the app's container, are not what is tried here. */
const machine = (directory: string): string => `
set -Eeuo pipefail; shopt -s inherit_errexit
OPT=${directory}/opt TRUST=/dev/null BACKUP_DIR=${directory}/backups CONTAINER=app APP_UID=$(id -u) STATE=${directory}/volume/_data
for part in ${USED.join(' ')}; do . ${directory}/$part.sh; done
note() { :; }
fetch() { [[ $2 != state ]] || rsync -aHAXS --numeric-ids --delete --modify-window=-1 "\${@:4}" ${directory}/peer/ "$3"; }
adopt_beside() { :; }
look_at_app() { APP_MADE=no APP_RUNNING=no; }
start_container() { ${IN_PLACE}; : >"$RUN/started"; }
stop_app() { :; }
wait_healthy() { :; }
apply_role() { :; }
begin_answer takeover
ROLE=none RELEASE=blue-1 SLOT=blue SINCE=1 GENERATION=1 RELAY_TO='' TAKEOVER_FROM='' TAKEOVER_AT=0 TAKEOVER_DIGEST='' WROTE=1
[[ ! -e $ROLE_FILE ]] || load_role
[[ $ROLE != none ]] || { ROLE=relay; save_role; }`;

const verb = (directory: string, lines: string): string => `
${lines.endsWith(FENCE) ? '' : 'settle_takeover'}
pull() { verb_pull ${PEER} '${HOST_KEY}'; }
take_over() {
  local left
  left=$(manifest_digest "$(manifest ${directory}/peer)")
  echo "${PEER} $left" >"$RUN/beside"
  verb_takeover ${PEER} '${HOST_KEY}' 1 "$left" "$left"
}
${lines}`;
