import type { Command } from 'commander';
import { configGet, configShow, configShowText } from '../config/commands.ts';
import { answer, settingsOf } from '../operation/command-line.ts';
import { AnnyError } from '../operation/errors.ts';
import { choose } from './choose.ts';
import type { Context } from './context.ts';
import { isHealthy, probeHealth } from './gates.ts';
import { trafficText } from './judge-traffic.ts';
import { observe, type World } from './observe.ts';
import { withContext } from './open-context.ts';
import { openSsh } from './open-ssh.ts';
import { describeAnswer } from './probe.ts';
import { processesText } from './processes-text.ts';
import { statusOf } from './status.ts';
import { statusText } from './status-text.ts';

const DEFAULT_LOG_LINES = '50';
const MOST_LOG_LINES = 10_000;
const TRAFFIC_SECONDS = 300;

/** Commands that look. */
export function addLookCommands(program: Command): void {
  program
    .command('status')
    .description('machines, roles, images, where the name leads, backups, certificate, cost, and what to do next')
    .action((_options, command: Command) => withWorld(command, status));
  program
    .command('history')
    .description('who has been the writer, from when on; it travels with the data')
    .action((_options, command: Command) => withWorld(command, history));
  program
    .command('smoke')
    .description('health and smoke script against the live release')
    .action((_options, command: Command) => withWorld(command, smoke));
  program
    .command('ps')
    .argument('[release]', 'default: the live one')
    .description('container, services, jobs, timers, nginx and certificate of a machine')
    .action((release: string | undefined, _options, command: Command) =>
      withWorld(command, (context, world) => ps(context, world, command, release)),
    );
  program
    .command('logs')
    .argument('[release]', 'default: the live one')
    .option('-n, --lines <count>', 'how many', DEFAULT_LOG_LINES)
    .option('--all', "nginx's and anny-box's too")
    .description("the app's last lines")
    .action((release: string | undefined, { lines, all }: { lines: string; all?: boolean }, command: Command) => {
      const wish = { release, lines: linesIn(lines), all: all === true };
      return withWorld(command, (_context, world) => logs(world, command, wish));
    });
  program
    .command('ssh')
    .argument('[release]', 'default: the live one')
    .argument('[command...]', 'after --')
    .description('a shell as deploy, with the pinned host key')
    .action((first: string | undefined, rest: string[], _options, command: Command) =>
      withWorld(command, async (context, world) => {
        const { release, words } = sshWords(first, rest);
        process.exitCode = await openSsh(context, choose(world, release), words);
      }),
    );
  addConfigCommands(program);
}

function addConfigCommands(program: Command): void {
  const config = program.command('config').description('the configuration as it is effective');
  config
    .command('get')
    .argument('<key>', 'such as infra.vultr_plan')
    .description('one value, plain')
    .action(async (key: string, _options, command: Command) => {
      const value = configGet(await settingsOf(command), key);
      answer(command, { key, value }, `${value}\n`);
    });
  config
    .command('show')
    .description('every key, its value, and where that came from; secrets masked')
    .action(async (_options, command: Command) => {
      const shown = configShow(await settingsOf(command));
      answer(command, shown, configShowText(shown));
    });
}

/** `ssh -- uptime` means the live release: commander does not tell what stood before the "--". */
function sshWords(first: string | undefined, rest: readonly string[]) {
  const given = first === undefined ? [] : [first, ...rest];
  const dashes = process.argv.indexOf('--');
  const after = dashes === -1 ? 0 : process.argv.length - dashes - 1;
  return given.length > after ? { release: given[0], words: given.slice(1) } : { release: undefined, words: given };
}

export type Look = (context: Context, world: World, command: Command) => Promise<void>;

export function withWorld(command: Command, look: Look): Promise<void> {
  return withContext(command, async (context) => {
    const world = await observe(context);
    try {
      await look(context, world, command);
    } finally {
      await world.close();
    }
  });
}

async function status(context: Context, world: World, command: Command): Promise<void> {
  const view = await statusOf(context, world);
  answer(command, view, statusText(view));
}

async function history(_context: Context, world: World, command: Command): Promise<void> {
  const entries = await choose(world, undefined).box.history();
  const lines = entries.map(
    ({ at, event, release, image, address }) =>
      `${new Date(at * 1000).toISOString().slice(0, 19)}Z  ${event.padEnd(9)}  ${release}  image ${image.slice(0, 12)}  ${address}`,
  );
  answer(command, { entries }, `${lines.join('\n')}\n`);
}

async function smoke(context: Context, world: World, command: Command): Promise<void> {
  const writer = choose(world, undefined);
  const health = await probeHealth(context, writer);
  const script =
    context.smoke.script === undefined
      ? undefined
      : await context.smoke.run({ name: context.settings.publicName, address: writer.address });
  // An image of an earlier version cannot tell.
  const traffic = await writer.box.traffic(TRAFFIC_SECONDS).catch((error: unknown) => {
    if (!(error instanceof AnnyError)) throw error;
    return null;
  });
  const ok = isHealthy(health) && (script?.ok ?? true);
  const lines = [
    `health ${describeAnswer(health)}`,
    ...(traffic === null ? [] : [`clients ${trafficText(traffic)} in ${TRAFFIC_SECONDS / 60} min`]),
    ...(script === undefined ? [] : [`smoke ${script.ok ? 'passed' : 'failed'}`, script.output]),
  ];
  answer(command, { ok, health, smoke: script ?? null, traffic }, `${lines.join('\n')}\n`);
  if (!ok) process.exitCode = 1;
}

async function ps(context: Context, world: World, command: Command, release: string | undefined): Promise<void> {
  const machine = choose(world, release);
  const processes = await machine.box.ps();
  const { role, certificate, failedUnits, now } = machine.status;
  const view = {
    release: machine.tags.release,
    address: machine.address,
    role,
    ...processes,
    certificate,
    failedUnits,
    now,
  };
  answer(command, view, processesText(view, context.settings.publicName));
}

interface LogWish {
  readonly release: string | undefined;
  readonly lines: number;
  readonly all: boolean;
}

async function logs(world: World, command: Command, { release, lines, all }: LogWish): Promise<void> {
  const machine = choose(world, release);
  const text = await machine.box.logs(lines, all);
  answer(command, { release: machine.tags.release, text }, text.endsWith('\n') ? text : `${text}\n`);
}

function linesIn(text: string): number {
  const lines = Number(text);
  if (Number.isInteger(lines) && lines >= 1 && lines <= MOST_LOG_LINES) return lines;
  throw new AnnyError('USAGE', {
    doing: 'logs',
    found: `--lines is "${text}", which is no number from 1 to ${MOST_LOG_LINES}`,
    next: 'anny-bluegreen logs -n 200',
  });
}
