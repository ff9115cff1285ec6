import { Readable } from 'node:stream';
import { patiently } from '../../machine/patient.ts';
import { type Connection, connect, type ExecResult } from '../../machine/ssh.ts';
import { AnnyError } from '../../operation/errors.ts';
import type { Operation } from '../../operation/step.ts';
import { addKey, type KeyChange, removeKey } from './authorized-keys.ts';
import type { Door, Login, Logins } from './logins.ts';

const TIMEOUT_MS = 30_000;
const READ = 'cat .ssh/authorized_keys';

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
  const change = async ({ command, stdin }: KeyChange): Promise<void> =>
    void (await run(command, { stdin: Readable.from([stdin]) }));
  return {
    keys: async () => (await run(READ)).split('\n').flatMap((line) => (/^\s*(#|$)/.test(line) ? [] : [line.trim()])),
    add: (key) => change(addKey(key)),
    remove: (key) => change(removeKey(key)),
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
