import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseMissingPrograms } from '../own-programs.ts';
import { releaseSecrets } from '../release-secrets.ts';
import { blocks, type Check, ok, type Seen, warning } from './check.ts';
import type { Ground } from './ground.ts';

/** Whether this computer has what a promote takes along, and what it runs. */
export function hereChecks(ground: Ground): readonly Check[] {
  return [
    { name: 'secrets', look: () => secrets(ground) },
    { name: '.env', look: () => environmentFiles(ground) },
    { name: 'programs', look: () => programs(ground) },
    { name: 'own programs', look: () => ownPrograms(ground) },
  ];
}

async function secrets({ settings }: Ground): Promise<Seen> {
  const brought = Object.keys(await releaseSecrets({ settings })).length;
  const trouble = settings.warnings.filter((one) => !one.includes('can be read by other users'));
  if (trouble.length > 0) return warning(trouble.join('; '), 'mend it in .env or config.yaml');
  const names = settings.config.app.secrets;
  return ok(`${names.join(', ') || 'none'} of app.secrets set; ${brought} files go to a machine`);
}

/** With each that there is: one that is open to others gives the account away. */
async function environmentFiles({ settings }: Ground): Promise<Seen> {
  const names = ['.env', `.env.${settings.environment}`];
  const modes = await Promise.all(
    names.map(async (name) => ({
      name,
      mode: (await stat(join(settings.directory, name)).catch(() => undefined))?.mode,
    })),
  );
  const there = modes.filter((one): one is { name: string; mode: number } => one.mode !== undefined);
  const open = there.filter(({ mode }) => (mode & 0o077) !== 0).map(({ name }) => name);
  if (open.length > 0) {
    const paths = open.map((name) => join(settings.directory, name)).join(' ');
    return warning(`${open.join(' and ')} can be read by other users of this computer`, `chmod 600 ${paths}`);
  }
  return ok(
    there.length === 0
      ? 'there is none: secrets come from the environment'
      : `${there.map(({ name }) => name).join(' and ')} for you alone`,
  );
}

async function programs({ hasProgram, backups }: Ground): Promise<Seen> {
  const needed = ['ssh', 'ssh-keygen', ...(backups.configured && backups.offMachine ? ['restic'] : [])];
  const missing = (await Promise.all(needed.map(async (one) => ((await hasProgram(one)) ? [] : [one])))).flat();
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((one) => (one === 'restic' ? 'restic' : 'openssh-client')))];
    return blocks(`${missing.join(', ')} missing on this computer`, `apt-get install ${packages.join(' ')}`);
  }
  const docker = (await hasProgram('docker')) ? 'docker too' : "no docker: builders build the app's image themselves";
  return ok(`${needed.join(', ')}; ${docker}`);
}

async function ownPrograms({ settings }: Ground): Promise<Seen> {
  await refuseMissingPrograms(settings);
  const { smoke, hooks } = settings.config.deploy;
  const names = [...(smoke === '' ? [] : ['deploy.smoke']), ...Object.keys(hooks).map((event) => `hook ${event}`)];
  return ok(names.length === 0 ? 'no smoke script and no hooks' : `${names.join(', ')} can be run`);
}
