import { join } from 'node:path';
import { Command, Option } from 'commander';
import { openAccountOf } from '../cloud/account/open.ts';
import { opened } from '../machine/opened.ts';
import type { ShellAddress } from '../machine/shell.ts';
import { openShell } from '../machine/ssh-shell.ts';
import { beginOperation } from '../operation/begin.ts';
import {
  addGlobalOptions,
  answer,
  type GlobalOptions,
  reportOf,
  settingsOf,
  yesNo,
} from '../operation/command-line.ts';
import { AnnyError } from '../operation/errors.ts';
import { runMain } from '../operation/fail.ts';
import { runningIn } from '../operation/running.ts';
import { thisProcess } from '../operation/this-process.ts';
import { bakeApp } from './app-image.ts';
import type { BakeContext } from './bake.ts';
import { build, type OnError } from './build.ts';
import { type Image, imagesIn, reusable } from './catalog.ts';
import { readChain } from './definition.ts';
import { identify } from './digest.ts';
import { inputsLog } from './inputs-log.ts';
import { reasons } from './reasons.ts';
import { sweepBakes, sweepKilled } from './sweep.ts';
import { verify } from './verify.ts';

interface BuildOptions {
  readonly why?: boolean;
  readonly force?: boolean;
  readonly onError: OnError;
}

const program = addGlobalOptions(
  new Command('anny-image').description('Bakes a whole configured machine into a tested snapshot.'),
);

program
  .command('build')
  .argument('[name]', 'image definition (default: image.name of config.yaml)')
  .description('bake an image and what it stands on, where no tested one with its digest exists')
  .option('--why', 'only say what would be baked, and which inputs changed')
  .option('--force', 'bake although it exists')
  .addOption(
    new Option('--on-error <what>', 'what becomes of the machine of a failed bake')
      .choices(['keep', 'destroy', 'ask'])
      .default('destroy'),
  )
  .action((name: string | undefined, options: BuildOptions, command: Command) =>
    withContext(command, (context) =>
      options.why ? why(context, command, name) : buildCommand(context, command, name, options),
    ),
  );
program
  .command('list')
  .description('the images in the account, newest first: one listing')
  .action((_options, command: Command) => withContext(command, (context) => list(context, command)));
program
  .command('show')
  .argument('<image>', 'name, snapshot id, or first characters of the digest')
  .description('one image, and what went into it')
  .action((wanted: string, _options, command: Command) =>
    withContext(command, (context) => show(context, command, wanted)),
  );
program
  .command('verify')
  .argument('[name]', 'image definition (default: image.name of config.yaml)')
  .description('boot the newest tested image on a fresh machine and test it again')
  .action((name: string | undefined, _options, command: Command) =>
    withContext(command, (context) => verifyCommand(context, command, name)),
  );

program
  .command('sweep')
  .argument('[operations...]', 'bakes by their operation (default: those that were killed on this computer)')
  .description('destroy the machines and untested snapshots of bakes that were killed')
  .action((operations: string[], _options, command: Command) =>
    withContext(command, async (context) => {
      if (operations.length > 0) await sweepBakes(context, operations);
      else await sweepKilled(context);
      answer(command, {}, '');
    }),
  );

async function withContext(command: Command, run: (context: BakeContext) => Promise<void>): Promise<void> {
  const settings = await settingsOf(command);
  const report = reportOf(command);
  for (const warning of settings.warnings) report.warn(warning);
  const connections = opened();
  const running = runningIn(join(settings.directory, '.anny', 'running'));
  const operation = beginOperation(settings, command.name(), report);
  const cloud = openAccountOf(settings, process.env);
  try {
    const shells = { open: async (target: ShellAddress) => connections.add(await openShell(target)) };
    const here = await thisProcess();
    await run({ settings, cloud, shells, bakeApp, operation, running, here });
  } finally {
    await connections.close();
  }
}

/** Written down while it may have machines, so that one that is killed can be swept up after. */
async function writtenDown<T>({ running, operation }: BakeContext, run: () => Promise<T>): Promise<T> {
  await running.begin(operation.id);
  try {
    return await run();
  } finally {
    await running.end(operation.id);
  }
}

async function buildCommand(
  context: BakeContext,
  command: Command,
  name: string | undefined,
  options: BuildOptions,
): Promise<void> {
  const { json, yes }: GlobalOptions = command.optsWithGlobals();
  const keep = async (error: unknown): Promise<boolean> => {
    if (options.onError === 'keep') return true;
    if (options.onError === 'destroy' || json || yes || !process.stdin.isTTY) return false;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return yesNo('keep the machine for a look? It costs until you destroy it.');
  };
  const wish = {
    name: name ?? context.settings.config.image.name,
    force: options.force === true,
    onError: options.onError,
  };
  const built = await writtenDown(context, () => build(context, wish, keep));
  const lines = built.map(
    (one) =>
      `${one.name}  ${one.digest.slice(0, 12)}  ${one.snapshotId}  ${one.baked ? 'baked and tested' : 'was there already'}`,
  );
  answer(command, { images: built }, `${lines.join('\n')}\n`);
}

async function why(
  { settings, cloud, operation }: BakeContext,
  command: Command,
  name: string | undefined,
): Promise<void> {
  const identities = await identify(settings, await readChain(settings.directory, name ?? settings.config.image.name));
  const images = await imagesIn(cloud);
  const rows = await Promise.all(
    identities.map(async (identity) => ({
      name: identity.name,
      digest: identity.digest,
      exists: reusable(images, identity, operation.clock.now(), settings.config.image.max_age) !== undefined,
      why: await reasons(inputsLog(settings.directory), identity, images),
    })),
  );
  const lines = rows.flatMap((row) => [
    `${row.name}  ${row.digest.slice(0, 12)}  ${row.exists ? 'exists, would not be baked' : 'would be baked'}`,
    ...row.why.map((reason) => `  ${reason}`),
  ]);
  answer(command, { images: rows }, `${lines.join('\n')}\n`);
}

async function list({ cloud }: BakeContext, command: Command): Promise<void> {
  const images = await imagesIn(cloud);
  const lines = images.map(describe);
  answer(
    command,
    { images },
    images.length === 0 ? 'no images; anny-image build makes one\n' : `${lines.join('\n')}\n`,
  );
}

function describe(image: Image): string {
  const stage = image.complete ? image.stage : 'pending';
  return `${image.name.padEnd(12)}  ${image.digest.slice(0, 12)}  ${stage.padEnd(9)}  ${image.createdAt.slice(0, 16).replace('T', ' ')}  ${image.snapshotId}`;
}

async function show({ cloud, settings }: BakeContext, command: Command, wanted: string): Promise<void> {
  const images = await imagesIn(cloud);
  const image = images.find(
    (one) => one.snapshotId === wanted || one.name === wanted || (wanted.length >= 6 && one.digest.startsWith(wanted)),
  );
  if (image === undefined) {
    throw new AnnyError('IMAGE_MISSING', {
      doing: `looking for image ${wanted}`,
      found: `the account has ${images.map((one) => `${one.name} ${one.digest.slice(0, 12)}`).join(', ') || 'no images'}`,
      next: 'anny-image list',
    });
  }
  const inputs = await inputsLog(settings.directory).recall(image.digest);
  const lines = [
    describe(image),
    `digest  ${image.digest}`,
    `parent  ${image.parent}`,
    `size    ${(image.sizeBytes / 1024 ** 3).toFixed(0)} GB disk`,
    ...(inputs === undefined
      ? ['inputs  baked elsewhere: not known here']
      : inputs.map(({ name, sha256 }) => `  ${sha256.slice(0, 12)}  ${name}`)),
  ];
  answer(command, { image, inputs: inputs ?? null }, `${lines.join('\n')}\n`);
}

async function verifyCommand(context: BakeContext, command: Command, name: string | undefined): Promise<void> {
  const result = await writtenDown(context, () => verify(context, name ?? context.settings.config.image.name));
  const bad = result.checks.filter(({ ok }) => !ok);
  const lines = result.checks.map(
    (check) => `${check.ok ? '✔' : '✖'} ${check.name}${check.ok ? '' : `: ${check.found}`}`,
  );
  answer(command, result, `${lines.join('\n')}\n`);
  if (bad.length > 0) process.exitCode = 1;
}

await runMain(async () => void (await program.parseAsync()), { json: process.argv.includes('--json') });
