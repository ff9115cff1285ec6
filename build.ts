import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

// What an installed package runs: the programs as JavaScript, beside the images and templates that lie at its root.
rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync('tsc', ['--project', 'tsconfig.build.json'], { stdio: 'inherit' });
process.exitCode = status ?? 1;
