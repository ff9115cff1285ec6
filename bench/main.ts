import { AnnyError } from '../operation/errors.ts';
import { runMain } from '../operation/fail.ts';
import { backup } from './backup.ts';
import { bake } from './bake/bake.ts';
import { crash } from './crash.ts';
import { crashMachines } from './crash-machines.ts';
import type { Family } from './figure.ts';
import { first } from './first.ts';
import { mutants } from './mutants.ts';
import { promote } from './promote.ts';
import { restore } from './restore.ts';
import { secrets } from './secrets/secrets.ts';
import { simulation } from './simulation.ts';
import { trafficSwitch } from './switch.ts';

/** Rollbacks are measured with the promotes that they take back. */
const FAMILIES: Readonly<Record<string, Family>> = {
  simulation,
  crash,
  orphans: crash,
  'crash-machines': crashMachines,
  mutants,
  bake,
  secrets,
  first,
  promote,
  rollback: promote,
  restore,
  switch: trafficSwitch,
  backup,
};

/**
 * `ONLY=promote` runs one family, `ONLY=promote.lost_writes` prints one figure of it, `ONLY=promote,rollback` prints two families,
 * measured in one run. One JSON object a line.
 */
async function bench(only: readonly string[]): Promise<void> {
  const chosen = only.length === 0 ? Object.values(FAMILIES) : only.map(familyOf);
  for (const family of new Set(chosen)) {
    await family.run((figure) => {
      if (only.length === 0 || only.some((name) => figure.name === name || figure.name.startsWith(`${name}.`)))
        process.stdout.write(`${JSON.stringify(figure)}\n`);
    });
  }
}

function familyOf(name: string): Family {
  const [word = ''] = name.split('.');
  const family = FAMILIES[word];
  if (family !== undefined) return family;
  const found = `there is no family "${word}"`;
  throw new AnnyError('USAGE', { doing: 'bench', found, next: `ONLY= one of ${Object.keys(FAMILIES).join(', ')}` });
}

const only = (process.env.ONLY ?? '').split(',').filter((name) => name !== '');
await runMain(() => bench(only), { json: false });
