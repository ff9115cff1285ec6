import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import type { Clock } from './clock.ts';
import type { Report, StepReport } from './report.ts';

/** What a terminal must give: its width may change at any time. */
export type Terminal = Pick<NodeJS.WriteStream, 'write'> & { readonly columns?: number };

const FRAMES = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];
const FRAME_MS = 100;
/** Of a step that speaks alone; of several, each shows its last line. */
const LAST_LINES = 3;
const NARROW = 80;

interface Running {
  readonly name: string;
  readonly title: string;
  readonly begun: number;
  readonly said: string[];
}

/** Steps that run, several at once, in a block at the end of the screen: how long each takes, and the last lines of what it says. */
export function liveSteps(clock: Clock, stream: Terminal): Report {
  const running = new Set<Running>();
  let expected: Readonly<Record<string, number>> = {};
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;

  const block = (): string[] => {
    const frame = FRAMES[Math.floor(clock.now() / FRAME_MS) % FRAMES.length] ?? '';
    const speaking = [...running].filter(({ said }) => said.length > 0).length;
    const shown = speaking > 1 ? 1 : LAST_LINES;
    return [...running].flatMap((one) => [
      `${pc.yellow(frame)} ${one.title} ${pc.dim(lasting(clock, one.begun, expected[one.name]))}`,
      ...one.said.slice(-shown).map((line) => pc.dim(`    ${line}`)),
    ]);
  };
  const draw = (above: string): void => {
    const lines = block().map((line) => cut(line, stream.columns ?? NARROW));
    const back = drawn === 0 ? '' : `\x1b[${drawn}A`;
    stream.write(`${back}\r\x1b[0J${above}${lines.map((line) => `${line}\n`).join('')}`);
    drawn = lines.length;
  };
  const say = (line: string): void => draw(`${line}\n`);
  const tick = (): void => {
    if (running.size > 0) timer ??= setInterval(() => draw(''), FRAME_MS).unref();
    else if (timer !== undefined) {
      clearInterval(timer);
      timer = undefined;
    }
  };
  const end = (one: Running, line: string): void => {
    running.delete(one);
    tick();
    say(line);
  };
  const step = (name: string, detail?: string): StepReport => {
    const title = detail === undefined ? name : `${name} ${pc.dim(detail)}`;
    const one: Running = { name, title, begun: clock.now(), said: [] };
    running.add(one);
    tick();
    draw('');
    return {
      progress: (text) => {
        const line = text.trim();
        if (line === '') return;
        if (wordsOf(line) === wordsOf(one.said.at(-1) ?? '')) one.said.pop();
        one.said.push(line);
        if (one.said.length > LAST_LINES) one.said.shift();
      },
      done: (result) => {
        const summary = result === undefined || result === '' ? title : `${title}: ${result}`;
        end(one, `${pc.green('✔')} ${summary} ${pc.dim(elapsed(clock, one.begun))}`);
      },
      failed: (reason) =>
        end(one, `${pc.red('✖')} ${title} ${pc.dim(elapsed(clock, one.begun))} ${pc.red(headline(reason))}`),
      stopped: (reason) => end(one, pc.dim(`- ${title} ${elapsed(clock, one.begun)} ${reason}`)),
    };
  };
  return {
    step,
    note: (text) => say(`  ${text}`),
    warn: (text) => say(pc.yellow(`! ${text}`)),
    expect: (seconds) => {
      expected = { ...expected, ...seconds };
    },
  };
}

/** Without its figures: a count that goes on takes the place of the one before. */
function wordsOf(line: string): string {
  return line.replaceAll(/\d+/g, '#');
}

/** "3.1 s of about 12 s" */
export function lasting(clock: Clock, begun: number, expectedSeconds: number | undefined): string {
  // Of what is over in a moment nobody wants to know how long it takes.
  const about =
    expectedSeconds === undefined || expectedSeconds < 2 ? '' : ` of about ${Math.round(expectedSeconds)} s`;
  return `${elapsed(clock, begun)}${about}`;
}

/** Of what is told in full when the command ends. */
export function headline(reason: string): string {
  const [first = '', ...more] = reason.trim().split('\n');
  return more.length === 0 ? first : `${first} …`;
}

export function elapsed(clock: Clock, begun: number): string {
  return `${((clock.now() - begun) / 1000).toFixed(1)} s`;
}

/** One line of the screen, since a longer one would take two and be redrawn wrongly. */
function cut(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length < columns ? line : pc.dim(`${plain.slice(0, columns - 2)}…`);
}
