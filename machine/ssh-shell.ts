import { Readable } from 'node:stream';
import { AnnyError } from '../operation/errors.ts';
import type { RunOptions, Shell, ShellAddress } from './shell.ts';
import { type Connection, connect } from './ssh.ts';

const LAST_LINES = 12;

/** Root's shell through sudo; nobody logs in as root. */
export async function openShell(target: ShellAddress): Promise<Shell> {
  const connection = await connect(target);
  return shellOn(connection, target.address);
}

function shellOn(connection: Connection, address: string): Shell {
  const attempt: Shell['attempt'] = (script, options = {}) => connection.exec(asRoot(script), options);
  return {
    address,
    attempt,
    run: async (script, options) => {
      const result = await attempt(script, options);
      if (result.code === 0) return result.stdout;
      throw failed(address, script, result);
    },
    put: (path, content, options) => put(connection, address, path, content, options),
    close: () => connection.close(),
  };
}

/** The script goes as one quoted argument, so that stdin stays free for data. The umask of logins is for people: services read what is made here. */
function asRoot(script: string): string {
  return `umask 022; sudo -n bash -euo pipefail -c ${quote(script)}`;
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function put(
  connection: Connection,
  address: string,
  path: string,
  content: string | Uint8Array,
  options: { mode: number; owner?: string },
): Promise<void> {
  const script = [
    `umask 077; mkdir -p "$(dirname ${quote(path)})"; t=$(mktemp ${quote(`${path}.XXXXXX`)})`,
    `cat > "$t"; chmod ${options.mode.toString(8)} "$t"`,
    options.owner === undefined ? ':' : `chown ${quote(options.owner)} "$t"`,
    `sync "$t"; mv -f "$t" ${quote(path)}`,
  ].join('\n');
  const run: RunOptions = { stdin: Readable.from([Buffer.from(content)]) };
  const result = await connection.exec(asRoot(script), run);
  if (result.code !== 0) throw failed(address, `write ${path}`, result);
}

function failed(address: string, script: string, result: { code: number; stdout: string; stderr: string }): AnnyError {
  const lines = `${result.stdout}\n${result.stderr}`
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-LAST_LINES);
  return new AnnyError('COMMAND_FAILED', {
    doing: `running "${script.trim().split('\n')[0]?.slice(0, 80)}" on ${address}`,
    found: `exit ${result.code}: ${lines.join('\n  ')}`,
    next: 'the last lines above say why; with --on-error=keep the machine stays for a look',
  });
}
