import { Readable } from 'node:stream';
import { patiently } from '../../machine/patient.ts';
import { type Connection, connect, type ExecResult } from '../../machine/ssh.ts';
import { AnnyError } from '../../operation/errors.ts';
import type { Operation } from '../../operation/step.ts';
import type { Door, Login, Logins } from './logins.ts';

const TIMEOUT_MS = 30_000;
const READ = 'cat .ssh/authorized_keys';
/** Whole or not at all, and on the disk before it counts. An empty one would let nobody in. */
const WRITE = `set -e; umask 077; cd .ssh; rm -f .next.*; new=.next.$$
cat > "$new"; grep -q '^[a-z]' "$new"; sync "$new"; mv -f "$new" authorized_keys; sync .`;

/** Over SSH, as patient as everything else with a machine's firewall. The file is deploy's own: no privilege is needed, and machines of earlier images take it too. */
export function sshLogins({ clock, report }: Pick<Operation, 'clock' | 'report'>): Logins {
  return {
    open: async (door, privateKeyPath) => {
      const { address, hostKey: hostKeyFingerprint } = door;
      const target = { address, user: 'deploy', privateKeyPath, hostKeyFingerprint } as const;
      const tell = (text: string): void => report.note(text);
      return loginOn(door, await patiently({ address, clock, tell }, () => connect(target)));
    },
  };
}

function loginOn(door: Door, connection: Connection): Login {
  const run = async (command: string, options: { readonly stdin?: Readable } = {}): Promise<string> => {
    const result = await connection.exec(command, { timeoutMs: TIMEOUT_MS, ...options });
    if (result.code !== 0) throw failed(door, result);
    return result.stdout;
  };
  return {
    keys: async () => (await run(READ)).split('\n').flatMap((line) => (/^\s*(#|$)/.test(line) ? [] : [line.trim()])),
    set: async (keys) => void (await run(WRITE, { stdin: Readable.from([`${keys.join('\n')}\n`]) })),
    close: () => connection.close(),
  };
}

function failed({ release }: Door, { code, stderr }: ExecResult): AnnyError {
  return new AnnyError('COMMAND_FAILED', {
    doing: `looking after who may log in on ${release}`,
    found: stderr.trim().split('\n').at(-1) || `exit ${code}`,
    next: `anny-bluegreen ssh ${release} -- ls -la .ssh shows what is there`,
  });
}
