import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Image, imagesIn } from '../builder/catalog.ts';
import { dropImage } from '../builder/papers/archive.ts';
import { openAccount } from '../cloud/account/account.ts';
import type { Cloud } from '../cloud/cloud.ts';
import { certificatesIssued } from '../cloud/local/acme.ts';
import { takeDown } from '../cloud/local/down.ts';
import type { Surroundings } from '../cloud/local/engine.ts';
import { cloudPlace, placeFiles } from '../cloud/local/place.ts';
import { bringUp } from '../cloud/local/up.ts';
import type { Report } from '../operation/report.ts';
import { systemClock } from '../operation/system-clock.ts';
import { terminalReport } from '../operation/terminal-report.ts';
import { runProgram } from './program.ts';
import { type DemoProject, makeProject, NAME, ROOT } from './project.ts';
import { openVisitor, type Visitor } from './visitor.ts';

const API_KEY_BYTES = 16;

/** Where a demo plays: a local cloud beside the user's own, so that it never meets anything of theirs, and a directory. */
export interface StagePlace {
  readonly cloud: Surroundings;
  readonly directory: string;
}

/** `name`: "demo" plays in .anny/demo on the cloud anny-demo. */
export function stagePlace(name: string, where: { subnet: string; apiPort: number }, report: Report): StagePlace {
  const place = cloudPlace({ name: `anny-${name}`, ...where }, process.env);
  return { cloud: { place, clock: systemClock, report }, directory: join(ROOT, '.anny', name) };
}

export function demoPlace(): StagePlace {
  return stagePlace('demo', { subnet: '10.78.0.0/24', apiPort: 8584 }, terminalReport(systemClock));
}

/** What the demo plays on: a local cloud, a project, its account, and somebody who uses the app. */
export interface Stage {
  readonly project: DemoProject;
  readonly account: Cloud;
  /** Runs `anny-image` in the project. */
  image(...words: readonly string[]): Promise<string>;
  /** Runs `anny-bluegreen` in the project. */
  bluegreen(...words: readonly string[]): Promise<string>;
  visitor(): Promise<Visitor>;
  /** By the word of the cloud's ACME server, since that was started. */
  certificatesIssued(): Promise<number>;
}

export async function openStage({ cloud, directory }: StagePlace, terminate: AbortSignal): Promise<Stage> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // Backups of an earlier demo: their password was another.
  await rm(placeFiles(cloud.place).repositories, { recursive: true, force: true });
  const up = await bringUp(cloud, directory);
  const project = await makeProject(directory, up, `demo-${randomBytes(API_KEY_BYTES).toString('hex')}`);
  const account = openAccount({ apiUrl: up.apiUrl, apiKey: up.apiKey, clock: systemClock });
  await destroyMachines(account);
  return {
    project,
    account,
    image: (...words) => runProgram(directory, 'anny-image', words, terminate),
    bluegreen: (...words) => runProgram(directory, 'anny-bluegreen', words, terminate),
    visitor: () => openVisitor({ ...project, name: NAME }),
    certificatesIssued: () => certificatesIssued(cloud.place),
  };
}

/** Machines of this demo, or of an earlier one that was kept or killed. */
async function destroyMachines(account: Cloud): Promise<number> {
  const machines = await account.instances();
  await Promise.all(machines.map(({ id }) => account.destroyInstance(id)));
  return machines.length;
}

/** Ends everything that runs. Images stay for the next demo, but for those of changed apps: no demo makes them again. */
export async function closeStage({ cloud }: StagePlace, { account }: Stage, keep: readonly Image[]): Promise<string> {
  const machines = await destroyMachines(account);
  const images = (await imagesIn(account)).filter(({ digest }) => !keep.some((one) => one.digest === digest));
  await Promise.all(images.map((image) => dropImage(account, image)));
  const { engineStopped } = await takeDown(cloud);
  return `${machines} machines destroyed, servers${engineStopped ? ' and Docker' : ''} stopped`;
}
