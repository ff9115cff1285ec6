import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { crashBuildInTurn } from '../simulation/crash-build.ts';
import { crashScene, describeCrash } from '../simulation/crash-matrix.ts';
import type { Crashed } from '../simulation/crash-points.ts';
import { SCENES } from '../simulation/crash-scenes.ts';
import { tellStory } from '../simulation/story.ts';
import { FOUND } from './hunts.ts';

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/** `node test/mutants/hunt.ts [SEEDS]`: looks for what is wrong with the sources that it lies in; prints it, and ends with FOUND. */
const seeds = Number(process.argv[2] ?? 1_000);

const found = (await byScenarios()) ?? (await byCrashes()) ?? (await byStories());
if (found !== undefined) console.log(found);
process.exitCode = found === undefined ? 0 : FOUND;

async function byScenarios(): Promise<string | undefined> {
  const root = join(import.meta.dirname, '..', '..');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const report = join(root, '.scenarios.json');
  const options = [
    'run',
    '--project',
    'quick',
    '--bail',
    '1',
    '--reporter',
    'json',
    '--outputFile',
    report,
    'test/simulation/scenarios.test.ts',
    'test/simulation/standbys.test.ts',
    'test/simulation/guards.test.ts',
    'test/simulation/reserved-ip.test.ts',
    // What a machine itself does.
    'builder/standby-state.test.ts',
    // What is decided, as data.
    ...['plan', 'retirement', 'situation'].map((name) => `bluegreen/${name}.test.ts`),
    ...['lease/decide.test.ts', 'lease/lease.test.ts', 'operation/step.test.ts'],
  ];
  const ran = spawnSync(process.execPath, [vitest, ...options], { cwd: root, encoding: 'utf8' });
  if (ran.status === 0) return undefined;
  const files = reportSchema.parse(JSON.parse(await readFile(report, 'utf8'))).testResults;
  const failed = files.flatMap(({ assertionResults }) => assertionResults).find(({ status }) => status === 'failed');
  // Without a failed test it is the run itself that failed: that is no proof.
  if (failed === undefined) throw new Error(`the scenarios do not run: ${files[0]?.message ?? ran.stderr}`);
  return `scenario: ${failed.fullName}`;
}

async function byCrashes(): Promise<string | undefined> {
  for (const scene of SCENES) {
    try {
      const bad = (await crashScene(scene)).find(isBad);
      if (bad !== undefined) return `crash: ${describeCrash(bad).split('\n')[0]}`;
    } catch (error) {
      return `crash: ${scene.name} cannot even be set: ${String(error)}`;
    }
  }
  const bad = (await crashBuildInTurn()).find(isBad);
  return bad === undefined ? undefined : `crash: ${describeCrash(bad)}`;
}

function isBad({ problem, orphans }: Crashed): boolean {
  return problem !== undefined || orphans > 0;
}

async function byStories(): Promise<string | undefined> {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { violation } = await tellStory(seed);
    if (violation !== undefined) return `story ${seed}: ${violation.split('\n')[0]}`;
  }
  return undefined;
}
