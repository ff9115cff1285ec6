import type { Command } from 'commander';
import { apiOptionsOf } from '../../cloud/account/open.ts';
import { openAccountSetup } from '../../cloud/account/setup.ts';
import { loadSettings } from '../../config/load.ts';
import { localPath } from '../../config/local-path.ts';
import type { Config } from '../../config/schema.ts';
import { whileHolding } from '../../lease/hold.ts';
import { isNextName } from '../../machine/operator-key.ts';
import { agree, answer, type GlobalOptions, settingsOf } from '../../operation/command-line.ts';
import { AnnyError } from '../../operation/errors.ts';
import { addLockOptions } from '../../operation/lock-options.ts';
import { runStep, warn } from '../../operation/step.ts';
import type { Context } from '../context.ts';
import { observe, type World } from '../observe.ts';
import { withContext } from '../open-context.ts';
import { doorsIn, machinesElsewhere } from './doors.ts';
import { unreachedText } from './elsewhere.ts';
import { keyFiles } from './key-files.ts';
import { type Access, accessOf, type KeyPush, pushKeys } from './push-keys.ts';
import { leftElsewhere, refuseNamed, refuseNamedElsewhere, refuseNext, revocable } from './revocable.ts';
import { type Rotated, rotateKey } from './rotate-key.ts';
import { sshLogins } from './ssh-logins.ts';

/** Who may log in on the machines. */
export function addSshKeysCommands(program: Command): void {
  const keys = program.command('ssh-keys').description('which operators may log in on the machines, by their SSH keys');
  keys
    .command('list')
    .description('on each machine: who may, who should, who should not')
    .action((_options, line: Command) => withContext(line, (context) => list(context, line)));
  addLockOptions(keys.command('push'))
    .description('let in those that config.yaml names (infra.ssh_key_names), and nobody else, without a bake')
    .action((_options, line: Command) => withContext(line, (context) => push(context, line)));
  addLockOptions(keys.command('revoke'))
    .argument('<name>', 'as the account calls it; no longer in config.yaml')
    .description('the same, then delete that key from the account, with a NAME.next that a rotation left')
    .action((name: string, _options, line: Command) => withContext(line, (context) => revoke(context, line, name)));
  addLockOptions(keys.command('rotate'))
    .description(
      "replace this computer's key by a new one: in the account, on every machine, here; killed, run it again",
    )
    .option(
      '--leave-others',
      'leave machines of other environments that this key cannot reach: they keep the former one',
    )
    .action((options: RotateOptions, line: Command) => withContext(line, (context) => rotate(context, line, options)));
}

interface RotateOptions {
  readonly leaveOthers?: true;
}

async function list(context: Context, line: Command): Promise<void> {
  const world = await observe(context);
  try {
    const access = await accessOf(pushOf(context, world));
    const silent = world.silent.map(({ tags, problem }) => ({ release: tags.release, problem }));
    answer(line, { machines: access, silent }, listText(access, silent));
  } finally {
    await world.close();
  }
}

function listText(access: readonly Access[], silent: readonly { release: string; problem: string }[]): string {
  const quiet = silent.map(({ release, problem }) => `${release}  does not answer (${problem})`);
  const isRight = access.every(({ lacks, tooMany }) => lacks.length + tooMany.length === 0);
  const isBegun = access.some(({ has, lacks }) => [...has, ...lacks].some(isNextName));
  const next = isBegun ? 'rotate     # was cut off, and goes on' : 'push';
  const command = isRight && !isBegun ? [] : [`next  anny-bluegreen ssh-keys ${next}`];
  return `${[...accessLines(access), ...quiet, ...command].join('\n') || 'there is no machine'}\n`;
}

function accessLines(access: readonly Access[]): readonly string[] {
  return access.flatMap(({ release, has, lacks, tooMany }) => [
    `${release}  ${has.join(', ') || '-'}`,
    ...(lacks.length === 0 ? [] : [`  lacks      ${lacks.join(', ')}`]),
    ...(tooMany.length === 0 ? [] : [`  too many   ${tooMany.join(', ')}`]),
  ]);
}

/** While nobody else makes machines here. */
function holding<T>(context: Context, words: string, use: (world: World) => Promise<T>): Promise<T> {
  const { operation, settings, lock } = context;
  const wish = { scope: settings.environment, command: `anny-bluegreen ssh-keys ${words}`, ...lock };
  return whileHolding(operation, context, wish, async () => {
    const world = await observe(context);
    try {
      return await use(world);
    } finally {
      await world.close();
    }
  });
}

function pushOf({ operation, cloud, settings }: Context, world: World): KeyPush {
  const { infra } = settings.config;
  const path = localPath(settings.directory, infra.ssh_private_key);
  return { operation, cloud, logins: sshLogins(operation), infra, path, doors: doorsIn(world) };
}

async function pushed(context: Context, line: Command, world: World, isAgreed: boolean): Promise<readonly Access[]> {
  const done = await pushKeys(pushOf(context, world), async (planned) => {
    if (line.optsWithGlobals<GlobalOptions>().json !== true)
      process.stderr.write(`${accessLines(planned).join('\n')}\n`);
    if (!isAgreed) await agree(line, `go on in ${context.settings.environment}?`);
  });
  for (const { tags, problem } of world.silent) {
    warn(context.operation, `${tags.release} lets in whom it let in before: it does not answer (${problem})`);
  }
  return done;
}

async function push(context: Context, line: Command): Promise<void> {
  const done = await holding(context, 'push', (world) => pushed(context, line, world, false));
  const text = done.length === 0 ? 'every machine lets in whom it should' : `done: ${namesOf(done)}`;
  answer(line, { pushed: done, warnings: context.operation.warnings }, `${text}\n`);
}

async function revoke(context: Context, line: Command, name: string): Promise<void> {
  refuseNamed(context.settings.config.infra, name);
  refuseNext(name);
  const setup = openAccountSetup(apiOptionsOf(await settingsOf(line), process.env));
  const { done, gone } = await holding(context, `revoke ${name}`, async (world) => {
    const { operation, cloud, settings } = context;
    const others = machinesElsewhere(await cloud.instances(), settings.environment);
    await refuseNamedElsewhere(others, name, (environment) => infraOf(line, environment));
    const gone = revocable(await cloud.sshKeys(), name);
    await agree(line, `take ${name} off the machines of ${settings.environment}, and delete it from the account?`);
    const done = await pushed(context, line, world, true);
    for (const key of gone) {
      await runStep(operation, { name: 'account', detail: key.name, run: () => setup.deleteSshKey(key.id) });
    }
    for (const text of leftElsewhere(others)) warn(operation, text);
    return { done, gone: gone.map((key) => key.name) };
  });
  const { warnings } = context.operation;
  answer(
    line,
    { revoked: name, deleted: gone, pushed: done, warnings },
    `deleted from the account: ${gone.join(', ')}; machines changed: ${namesOf(done) || 'none'}\n`,
  );
}

/** undefined for an environment that this project does not know, or not rightly: its machines are another's. */
async function infraOf(line: Command, environment: string): Promise<Config['infra'] | undefined> {
  const { config: file }: GlobalOptions = line.optsWithGlobals();
  try {
    const there = { env: process.env, environment, ...(file === undefined ? {} : { file }) };
    return (await loadSettings(there)).config.infra;
  } catch (error) {
    if (error instanceof AnnyError) return undefined;
    throw error;
  }
}

function namesOf(access: readonly Access[]): string {
  return access.map(({ release }) => release).join(', ');
}

async function rotate(context: Context, line: Command, options: RotateOptions): Promise<void> {
  const setup = openAccountSetup(apiOptionsOf(await settingsOf(line), process.env));
  const rotated = await holding(context, 'rotate', async (world) => {
    refuseSilent(world);
    const { operation, cloud, settings } = context;
    const { path, infra, doors, logins } = pushOf(context, world);
    await agree(line, `replace the key ${path} in the account, here, and on ${doors.length} machines?`);
    const elsewhere = async () => machinesElsewhere(await cloud.instances(), settings.environment);
    const leaveOthers = options.leaveOthers === true;
    return rotateKey({ operation, cloud, setup, logins, infra, files: keyFiles(path), doors, elsewhere, leaveOthers });
  });
  const { warnings } = context.operation;
  answer(line, { ...rotated, warnings }, rotatedText(context, rotated));
}

/** It would come back and know the former key alone. */
function refuseSilent({ silent }: World): void {
  if (silent.length === 0) return;
  const said = silent.map(({ tags, problem }) => `${tags.release} does not answer (${problem})`);
  throw new AnnyError('REFUSED', {
    doing: 'replacing the SSH key',
    found: `${said.join('; ')}, and would not let the new key in when it comes back`,
    next: `bring it back, or anny-bluegreen retire ${silent[0]?.tags.release} --force; then run this again`,
  });
}

function rotatedText({ settings }: Context, { name, publicKey, machines, former, left }: Rotated): string {
  const { infra, image } = settings.config;
  const file = `${infra.ssh_private_key}.former`;
  const kept =
    left.length === 0
      ? `the former private key lies in ${file}; nothing here needs it`
      : `KEEP the former private key, ${file}: ${unreachedText(left)} may let in nothing else; log in there with it and add the new one`;
  const listed = infra.foundation.ssh_keys[name] !== undefined;
  const signs = image.signing_key === '' && Object.keys(image.signers).length > 0;
  return [
    `${name} is a new key, in the account and on ${machines.join(', ') || 'no machine'}; they take the former one no more`,
    `  ${publicKey}`,
    ...(former === undefined ? [] : [kept]),
    ...(listed ? [`put the new public key into infra.foundation.ssh_keys.${name} of config.yaml`] : []),
    ...(signs
      ? ['it signs images too (image.signing_key is ""): put the new public key into image.signers as well']
      : []),
    '',
  ].join('\n');
}
