import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type * as Automation from '@pulumi/pulumi/automation/index.js';
import { AnnyError } from '../../operation/errors.ts';
import type { VultrPackage } from './program.ts';

type Pulumi = typeof Automation;

/** Pulumi as this computer has it. Nothing else of Anny needs it, so nothing else loads it. */
export interface Engine {
  readonly LocalWorkspace: Pulumi['LocalWorkspace'];
  readonly pulumiCommand: Automation.PulumiCommand;
  readonly vultr: VultrPackage;
}

/** @throws {AnnyError} ENGINE_MISSING, saying how to install what is missing. */
export async function openEngine(): Promise<Engine> {
  const { automation, vultr } = await loadPackages();
  return {
    LocalWorkspace: automation.LocalWorkspace,
    pulumiCommand: await findBinary(automation.PulumiCommand),
    vultr,
  };
}

async function loadPackages(): Promise<{ automation: Pulumi; vultr: VultrPackage }> {
  try {
    const [automation, vultr] = await Promise.all([
      import('@pulumi/pulumi/automation/index.js'),
      import('@ediri/vultr'),
    ]);
    return { automation, vultr };
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    if (!missing) throw error;
    throw new AnnyError('ENGINE_MISSING', {
      doing: 'loading Pulumi',
      found: "its packages are not installed: only anny-infra needs them, so Anny's installation leaves them out",
      next: 'npm install @pulumi/pulumi @ediri/vultr',
      cause: error,
    });
  }
}

/** On the PATH, or where Pulumi's own installer puts it. */
async function findBinary(command: Pulumi['PulumiCommand']): Promise<Automation.PulumiCommand> {
  const root = join(homedir(), '.pulumi');
  const installed = await access(join(root, 'bin', 'pulumi')).then(
    () => true,
    () => false,
  );
  try {
    return await command.get().catch((error: unknown) => {
      if (!installed) throw error;
      return command.get({ root });
    });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new AnnyError('ENGINE_MISSING', {
      doing: 'looking for the Pulumi engine',
      found: /ENOENT/.test(text) ? 'there is no pulumi on the PATH, nor in ~/.pulumi/bin' : firstLine(text),
      next: 'curl -fsSL https://get.pulumi.com | sh (its own installer), then run this again; nothing else of Anny needs it',
      cause: error,
    });
  }
}

function firstLine(text: string): string {
  return text.split('\n').find((line) => line.trim() !== '') ?? text;
}
