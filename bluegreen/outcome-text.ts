import type { Outcome } from './begin-command.ts';
import type { StatusView } from './status.ts';

/** What a command answers: one object for programs, lines for people. */
export interface Told {
  readonly data: unknown;
  readonly text: string;
}

interface Around {
  readonly publicName: string;
  readonly warnings: readonly string[];
  readonly next: StatusView['next'] | undefined;
}

export function tellOutcome(outcome: Outcome, { publicName, warnings, next }: Around): Told {
  switch (outcome.kind) {
    case 'serves': {
      const { action, release, tookMs } = outcome;
      const data = { action, release: release.tags.release, address: release.address, tookMs, warnings };
      const took = `(${(tookMs / 1000).toFixed(1)} s)`;
      return { data, text: `${data.release} serves ${publicName} from ${data.address} ${took}\n` };
    }
    case 'prepared': {
      const data = { release: outcome.release.tags.release, address: outcome.release.address };
      return { data, text: `${data.release} is ready at ${data.address}; promote moves data and traffic\n` };
    }
    case 'retired': {
      const { results } = outcome;
      const lines = results.map((one) => `${one.release} ${one.retired ? 'destroyed' : 'stays'}: ${one.reason}`);
      return { data: { results, next, warnings }, text: `${lines.join('\n') || 'there is no standby'}\n` };
    }
    case 'nothing':
      return { data: { interrupted: null, next }, text: 'no command was cut off: there is nothing to do\n' };
    case 'aborted':
      return tellAborted(outcome, { publicName, warnings, next });
  }
}

function tellAborted(
  { command, finished, handedBack, destroyed, writer }: Extract<Outcome, { kind: 'aborted' }>,
  { publicName, warnings, next }: Around,
): Told {
  const release = writer?.tags.release ?? null;
  const data = { command, finished, handedBack, destroyed, writer: release, next, warnings };
  if (finished) {
    const text = `${command} had been committed, and is finished now: ${release} serves ${publicName}; anny-bluegreen rollback takes it back, with the data\n`;
    return { data, text };
  }
  const gone = destroyed.length === 0 ? 'it had left no machine' : `destroyed: ${destroyed.join(', ')}`;
  const serves = release === null ? 'nobody serves' : `${release} serves ${publicName}`;
  if (handedBack) return { data, text: `${command} is taken back, with the data; ${serves}\n` };
  return { data, text: `${command} is taken back; ${gone}; ${serves}\n` };
}
