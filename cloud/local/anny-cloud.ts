import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Command } from 'commander';
import { AnnyError } from '../../operation/errors.ts';
import { runMain } from '../../operation/fail.ts';
import { recordedProcess } from '../../operation/recorded-process.ts';
import { silentReport } from '../../operation/silent-report.ts';
import { systemClock } from '../../operation/system-clock.ts';
import { terminalReport } from '../../operation/terminal-report.ts';
import { openAccount } from '../account/account.ts';
import { reset, takeDown } from './down.ts';
import type { Surroundings } from './engine.ts';
import { cloudPlace, LOCAL_API_KEY, placeFiles } from './place.ts';
import { apiUrl, bringUp, type CloudUp } from './up.ts';

interface Options {
  readonly name?: string;
  readonly subnet?: string;
  readonly port?: string;
  readonly json?: boolean;
}

const program = new Command('anny-cloud')
  .description('A cloud on this computer: the Vultr API, real machines, names, certificates.')
  .option('--name <name>', 'name of this cloud (default: anny-cloud)')
  .option('--subnet <cidr>', 'its network (default: 10.77.0.0/24)')
  .option('--port <port>', 'port of its API (default: 8484)')
  .option('--json', 'one JSON object on stdout')
  .showHelpAfterError()
  .exitOverride();

program
  .command('up')
  .description(
    'bring it up; installs and starts Docker where there is none; makes the base images that config.yaml here names',
  )
  .action(async (_options, command: Command) => {
    const up = await bringUp(surroundingsOf(command), process.cwd());
    answer(command, up, upText(up));
  });
program
  .command('down')
  .description('stop machines and servers; their disks stay')
  .action(async (_options, command: Command) => {
    const done = await takeDown(surroundingsOf(command));
    const engine = done.engineStopped ? ', and Docker, which it had started' : '';
    answer(command, done, `${done.machinesStopped} machines stopped${engine}\n`);
  });
program
  .command('reset')
  .description('remove everything of it: machines, snapshots, account, network')
  .action(async (_options, command: Command) => {
    await reset(surroundingsOf(command));
    answer(command, { reset: true }, 'the local cloud is gone; anny-cloud up makes a new one\n');
  });
program
  .command('status')
  .description('what runs')
  .action(async (_options, command: Command) => status(command));
program
  .command('logs')
  .description("the servers' log, as it grows")
  .action(async (_options, command: Command) => {
    const { daemonLog } = placeFiles(surroundingsOf(command).place);
    await once(spawn('tail', ['-n', '100', '-f', daemonLog], { stdio: 'inherit' }), 'close');
  });

function surroundingsOf(command: Command): Surroundings {
  const { name, subnet, port, json } = command.optsWithGlobals<Options>();
  const place = cloudPlace(
    {
      ...(name === undefined ? {} : { name }),
      ...(subnet === undefined ? {} : { subnet }),
      ...(port === undefined ? {} : { apiPort: Number(port) }),
    },
    process.env,
  );
  return { place, clock: systemClock, report: json ? silentReport : terminalReport(systemClock) };
}

function answer(command: Command, data: unknown, text: string): void {
  process.stdout.write(command.optsWithGlobals<Options>().json ? `${JSON.stringify(data)}\n` : text);
}

function upText(up: CloudUp): string {
  return [
    `API          ${up.apiUrl}   (VULTR_API_KEY=${up.apiKey})`,
    `names        *.${up.zone} at ${up.nameServer}`,
    `certificates ${up.acme}, trusted through ${up.trust}`,
    `backups      ${up.repositories}…, with the passwords in .env.local`,
    '',
    `next  anny-image build --env local, then anny-bluegreen promote --env local`,
    '',
  ].join('\n');
}

async function status(command: Command): Promise<void> {
  const { place } = surroundingsOf(command);
  if ((await recordedProcess(placeFiles(place).daemonPid)) === undefined) {
    throw new AnnyError('API_UNREACHABLE', {
      doing: `looking at the local cloud ${place.name}`,
      found: 'it is not up',
      next: 'anny-cloud up',
    });
  }
  const account = openAccount({ apiUrl: apiUrl(place), apiKey: LOCAL_API_KEY, clock: systemClock });
  const [machines, snapshots] = await Promise.all([account.instances(), account.snapshots()]);
  const lines = [
    `${machines.length} machines`,
    ...machines.map((one) => `  ${one.label.padEnd(40)}  ${one.address ?? '-'}  ${one.power}`),
    `${snapshots.length} snapshots`,
    ...snapshots.map((one) => `  ${one.description}  ${one.status}`),
  ];
  answer(command, { machines, snapshots }, `${lines.join('\n')}\n`);
}

await runMain(async () => void (await program.parseAsync()), { json: process.argv.includes('--json') });
