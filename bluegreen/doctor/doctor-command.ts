import type { Command } from 'commander';
import { agree, answer, type GlobalOptions } from '../../operation/command-line.ts';
import { addLockOptions } from '../../operation/lock-options.ts';
import type { Context } from '../context.ts';
import { observe } from '../observe.ts';
import { withContext } from '../open-context.ts';
import { showPreflight } from '../preflight/preflight-command.ts';
import { diagnose } from './diagnose.ts';
import { findingsText, fixedText } from './doctor-text.ts';
import { type Finding, isWrong } from './finding.ts';
import { fixAll, isMendable } from './fix-all.ts';
import { examine } from './observations.ts';
import { runRepair } from './run-repair.ts';

/** `doctor`: what is wrong, what that means, and the command that mends it. Exit 1 as long as something is left. */
export function addDoctorCommand(program: Command): void {
  addLockOptions(program.command('doctor'))
    .description('find what is wrong or lies about, and say what mends it')
    .option('--fix', 'run what loses nothing, one after the other')
    .option(
      '--preflight',
      'whether a bake and a promote could begin: account, plan, keys, zone, backups, secrets, programs',
    )
    .action((options: { fix?: true; preflight?: true }, line: Command) => {
      if (options.preflight) return showPreflight(line);
      return withContext(line, (context) => (options.fix ? fix(context, line) : show(context, line)));
    });
}

async function show(context: Context, line: Command): Promise<void> {
  const findings = await examineNow(context);
  answer(line, { findings }, findingsText(findings));
  if (findings.some(isWrong)) process.exitCode = 1;
}

async function fix(context: Context, line: Command): Promise<void> {
  const before = await examineNow(context);
  if (before.some(isMendable)) {
    if (line.optsWithGlobals<GlobalOptions>().json !== true) process.stderr.write(`${findingsText(before)}\n`);
    await agree(line, 'run what loses nothing?');
  }
  const fixed = await fixAll(
    { look: () => examineNow(context), repair: (action) => runRepair(context, action) },
    before,
  );
  const { done, failed, left } = fixed;
  const failure = failed === undefined ? null : { command: failed.command, error: failed.error.message };
  answer(line, { done, failed: failure, findings: left }, fixedText(fixed));
  if (left.some(isWrong)) process.exitCode = 1;
}

/** Each look opens its own connections: a repair may have changed who is there. */
async function examineNow(context: Context): Promise<readonly Finding[]> {
  const world = await observe(context);
  try {
    return diagnose(await examine(context, world));
  } finally {
    await world.close();
  }
}
