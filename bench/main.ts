import { AnnyError } from '../operation/errors.ts';
import { runMain } from '../operation/fail.ts';
import { bake } from './bake.ts';
import { crash } from './crash.ts';
import { crashMachines } from './crash-machines.ts';
import type { Family } from './figure.ts';
import { mutants } from './mutants.ts';
import { promote } from './promote.ts';
import { simulation } from './simulation.ts';

/** Rollbacks are measured with the promotes that they take back. */
const FAMILIES: Readonly<Record<string, Family>> = {
  simulation,
  crash,
  orphans: crash,
  'crash-machines': crashMachines,
  mutants,
  bake,
  promote,
  rollback: promote,
};

/** `ONLY=promote` runs one family, `ONLY=promote.lost_writes` prints one figure of it. One JSON object a line. */
async function bench(only: string): Promise<void> {
  const [family = ''] = only.split('.');
  const chosen = family === '' ? Object.values(FAMILIES) : [FAMILIES[family]];
  for (const one of new Set(chosen)) {
    if (one === undefined) {
      const found = `there is no family "${family}"`;
      throw new AnnyError('USAGE', { doing: 'bench', found, next: `ONLY= one of ${Object.keys(FAMILIES).join(', ')}` });
    }
    await one.run((figure) => {
      if (only === '' || figure.name === only || figure.name.startsWith(`${only}.`))
        process.stdout.write(`${JSON.stringify(figure)}\n`);
    });
  }
}

await runMain(() => bench(process.env.ONLY ?? ''), { json: false });
