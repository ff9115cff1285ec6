import { type Image, imagesIn, latestTested } from '../builder/catalog.ts';
import { changeApp, NAME } from './project.ts';
import type { Stage } from './stage.ts';
import type { Visitor } from './visitor.ts';
import { lost, startWriting, type Writing } from './writing.ts';

const WRITERS = 4;

/** One thing that an operator does, and what is then checked; the check's words go into the summary. */
export interface DemoStep {
  readonly name: string;
  readonly run: () => Promise<string>;
}

/** The main job in its order. What a later step needs, an earlier one leaves in `seen`. */
export function demoSteps(stage: Stage, seen: Seen): readonly DemoStep[] {
  return [
    {
      name: 'bake base and anny',
      run: async () => {
        await stage.image('build');
        seen.first = await newestImage(stage);
        seen.keep = (await imagesIn(stage.account)).filter(({ stage: of }) => of === 'tested');
        return `a fresh machine booted from the snapshot of ${short(seen.first)} passed its tests`;
      },
    },
    {
      name: 'first promote',
      run: async () => {
        await stage.bluegreen('promote', '--yes');
        seen.visitor = await stage.visitor();
        await expectImage(seen.visitor, seen.first);
        return `https://${NAME} answers from it, with a certificate issued for the name`;
      },
    },
    {
      name: 'write data by its name',
      run: async () => {
        const visitor = here(seen.visitor);
        for (let count = 1; count <= 20; count += 1) await visitor.write(`before-${count}`, `entry ${count}`);
        return expectIds(visitor, 20);
      },
    },
    {
      name: 'change the app, bake again',
      run: async () => {
        seen.description = await changeApp(stage.project, new Date());
        await stage.image('build');
        seen.second = await newestImage(stage);
        if (seen.second.digest === here(seen.first).digest) throw new Error('the changed app has the same digest');
        return `${short(seen.second)}, on the same base`;
      },
    },
    {
      name: 'promote blue to green',
      run: async () => {
        const visitor = here(seen.visitor);
        const checked = await underLoad(visitor, 'promote', () => stage.bluegreen('promote', '--yes'));
        await expectImage(visitor, seen.second);
        const { text } = await visitor.get('/docs/json');
        if (!text.includes(here(seen.description))) throw new Error('the changed app does not serve');
        return `${checked}; the changed app serves`;
      },
    },
    {
      name: 'roll back to blue',
      run: async () => {
        const visitor = here(seen.visitor);
        const checked = await underLoad(visitor, 'rollback', () => stage.bluegreen('rollback', '--yes'));
        await expectImage(visitor, seen.first);
        return `${checked}; what was written since came back too`;
      },
    },
    {
      name: 'back up, lose the live machine',
      run: async () => {
        const visitor = here(seen.visitor);
        await stage.bluegreen('backup', 'now');
        seen.ids = await visitor.ids();
        await visitor.close();
        const live = (await stage.account.instances()).find(({ tags }) => tags.includes('stage=live'));
        await stage.account.destroyInstance(here(live).id);
        return `${here(live).hostname} destroyed through the account, with ${seen.ids.size} entries on it`;
      },
    },
    {
      name: 'restore from snapshot and backup',
      run: async () => {
        await stage.bluegreen('restore', '--yes');
        seen.visitor = await stage.visitor();
        const missing = [...here(seen.ids)];
        const ids = await seen.visitor.ids();
        const gone = missing.filter((id) => !ids.has(id));
        if (gone.length > 0) throw new Error(`${gone.length} entries of the backup are missing, such as ${gone[0]}`);
        await expectImage(seen.visitor, seen.second);
        return `all ${ids.size} entries of the backup are there, under the same certificate`;
      },
    },
  ];
}

/** What the demo has seen so far. */
export interface Seen {
  first?: Image;
  second?: Image;
  /** Images that the next demo can use again. */
  keep?: readonly Image[];
  visitor?: Visitor;
  description?: string;
  ids?: ReadonlySet<string>;
}

/** Writers go on through the name while something happens; nothing they were promised may be missing afterwards. */
async function underLoad(visitor: Visitor, label: string, happen: () => Promise<unknown>): Promise<string> {
  const writing: Writing = startWriting(visitor, label, WRITERS);
  try {
    await happen();
  } finally {
    await writing.stop();
  }
  const written = await writing.stop();
  const gone = lost(written, await visitor.ids());
  if (gone.length > 0) throw new Error(`${gone.length} acknowledged writes are missing, such as ${gone[0]}`);
  if (written.failures.length > 0) throw new Error(`${written.failures.length} writes failed: ${written.failures[0]}`);
  const { acknowledged, longestMs } = written;
  return `${acknowledged.length} writes meanwhile: 0 failed, 0 lost, the longest ${Math.round(longestMs)} ms`;
}

async function newestImage(stage: Stage): Promise<Image> {
  return here(latestTested(await imagesIn(stage.account), 'anny'));
}

async function expectImage(visitor: Visitor, image: Image | undefined): Promise<void> {
  const { status, text } = await visitor.get('/health');
  if (status !== 200 || !text.includes(here(image).digest)) {
    throw new Error(`${NAME} should serve image ${short(here(image))}, but says HTTP ${status} ${text.slice(0, 200)}`);
  }
}

async function expectIds(visitor: Visitor, count: number): Promise<string> {
  const { size } = await visitor.ids();
  if (size !== count) throw new Error(`${size} entries instead of ${count}`);
  return `${count} entries acknowledged and read back`;
}

function short({ name, digest }: Image): string {
  return `${name} ${digest.slice(0, 12)}`;
}

/** What an earlier step left. */
function here<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('an earlier step left nothing: this is a bug of the demo');
  return value;
}
