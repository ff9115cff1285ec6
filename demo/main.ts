import { relative } from 'node:path';
import pc from 'picocolors';
import { takeDown } from '../cloud/local/down.ts';
import { runMain } from '../operation/fail.ts';
import { closeStage, demoPlace, openStage } from './stage.ts';
import { demoSteps, type Seen } from './steps.ts';

interface Done {
  readonly name: string;
  readonly tookMs: number;
  readonly checked: string;
}

/** SIGTERM ends the program that runs; Ctrl-C reaches it from the terminal itself. */
const terminate = new AbortController();
let interrupted = false;
process.on('SIGINT', () => {
  interrupted = true;
});
process.on('SIGTERM', () => {
  interrupted = true;
  terminate.abort();
});

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function timed<T extends { readonly checked: string }>(name: string, run: () => Promise<T>) {
  if (interrupted) throw new Error('stopped');
  say(`\n${pc.bold(name)}`);
  const begun = performance.now();
  const result = await run();
  say(pc.green(`✔ ${result.checked}`));
  return { name, tookMs: performance.now() - begun, checked: result.checked, result };
}

async function demo(keep: boolean): Promise<void> {
  const place = demoPlace();
  const begun = performance.now();
  const done: Done[] = [];
  const seen: Seen = {};
  try {
    const opening = await timed('bring the local cloud up', async () => {
      const stage = await openStage(place, terminate.signal);
      return { stage, checked: `API, machines, names at ${stage.project.nameServer}, certificates` };
    });
    const { stage } = opening.result;
    done.push(opening);
    for (const { name, run } of demoSteps(stage, seen)) {
      done.push(await timed(name, async () => ({ checked: await run() })));
    }
    await seen.visitor?.close();
    const close = async () => ({ checked: await closeStage(place, stage, seen.keep ?? []) });
    if (!keep) done.push(await timed('leave nothing running', close));
  } catch (error) {
    say(pc.red(`\n✖ ${interrupted ? 'stopped' : 'the demo stopped here'}; the local cloud is taken down`));
    await takeDown(place.cloud);
    if (interrupted) {
      process.exitCode = 130;
      return;
    }
    throw error;
  }
  say(`\n${summary(done, performance.now() - begun)}`);
  if (keep) say(whatToTry(place.directory));
}

function summary(done: readonly Done[], totalMs: number): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`.padStart(8);
  const width = Math.max(...done.map(({ name }) => name.length));
  return [
    pc.bold(`${'STEP'.padEnd(width)}      TIME  CHECKED`),
    ...done.map(({ name, tookMs, checked }) => `${name.padEnd(width)}  ${seconds(tookMs)}  ${checked}`),
    `${'all of it'.padEnd(width)}  ${seconds(totalMs)}`,
    '',
  ].join('\n');
}

function whatToTry(directory: string): string {
  const here = `--config ${relative(process.cwd(), directory)}/config.yaml --env demo`;
  const lines = [
    [`anny-bluegreen ${here} status`, 'both machines, roles, where the name leads'],
    [`anny-bluegreen ${here} history`, 'who has been the writer'],
    [`anny-bluegreen ${here} plan --again`, 'what the next promote would do'],
    [`anny-bluegreen ${here} promote --again`, 'do it'],
    [`anny-bluegreen ${here} ssh -- sudo anny-box status`, 'on the live machine'],
    [`anny-bluegreen ${here} logs`, "the app's last lines"],
    [`anny-image ${here} list`, 'the images in the account'],
    ['anny-cloud --name anny-demo --subnet 10.78.0.0/24 --port 8584 down', 'stop it all'],
  ];
  return [
    'The cloud stays up. What to try next:',
    '',
    ...lines.flatMap(([command, what]) => [pc.dim(`  # ${what}`), `  npx ${command}`]),
    '',
  ].join('\n');
}

await runMain(() => demo((process.env.KEEP ?? '') !== '' && process.env.KEEP !== '0'), { json: false });
