import type { Instance, NewInstance, SnapshotId } from '../../cloud/cloud.ts';
import type { RunOptions, Shell } from '../../machine/shell.ts';
import { failure } from './failure.ts';
import type { Temper } from './temper.ts';

export interface Machine {
  readonly request: NewInstance;
  readonly createdAt: number;
  instance: Instance;
}

export interface ShellPorts {
  readonly temper: Temper;
  /** Each thing that a bake asks of a machine is counted, and can be made to fail. */
  readonly call: <T>(name: string, effect: () => T) => Promise<T>;
  /** A machine booted from this snapshot has passed its tests. */
  readonly prove: (snapshot: SnapshotId) => void;
  readonly closed: () => void;
}

/** What every machine here has in it. */
const CONTENTS = [
  ['system', 'debian', '12', 'Debian GNU/Linux 12 (bookworm)'],
  ['architecture', 'amd64'],
  ['package', 'nginx', '1.22.1-9', 'amd64', 'nginx'],
  ['service', 'nginx.service'],
  ['tree', 'f'.repeat(64)],
];

/** Root's shell on a simulated machine, which answers as a good one would. */
export function machineShell({ temper, call, prove, closed }: ShellPorts, machine: Machine, address: string): Shell {
  const kind = kindOf(machine.request.tags);
  const answer = (script: string): string => {
    if (temper.failingScript !== '' && script.includes(temper.failingScript)) throw failure('COMMAND_FAILED', 'run');
    if (script.includes('systemctl poweroff') && temper.powersOff) {
      machine.instance = { ...machine.instance, power: 'stopped' };
    }
    if (script.includes('list_needles')) return temper.searchSays[kind];
    if (script.includes('lynis audit')) return temper.lynisSays;
    if (script.includes('dpkg-query')) return CONTENTS.map((line) => line.join('\t')).join('\n');
    if (!script.includes('ufw_status')) return '';
    const { from } = machine.request;
    if ('snapshotId' in from && kind === 'boot-test' && temper.failingCheck[kind] === '') prove(from.snapshotId);
    return checksAnswer(script, temper.failingCheck[kind]);
  };
  const run = (script: string, options?: RunOptions): Promise<string> =>
    call(`run on ${kind}`, () => {
      options?.stdin?.resume();
      return answer(script);
    });
  return {
    address,
    run,
    attempt: async (script) => ({ code: 0, stdout: await run(script), stderr: '' }),
    put: () => call(`put on ${kind}`, () => undefined),
    close: async () => closed(),
  };
}

export function kindOf(tags: readonly string[]): 'bake' | 'boot-test' {
  return tags.includes('kind=bake') ? 'bake' : 'boot-test';
}

/** The machine answers every check that it is asked, as a good machine would. */
function checksAnswer(script: string, failing: string): string {
  const titles = [...script.matchAll(/^(?:expect|refuse|same|prints) '([^']*)'/gm)].map((match) => match[1] ?? '');
  return titles.map((title) => (title === failing ? `bad\t${title}\tfound "no"` : `ok\t${title}`)).join('\n');
}
