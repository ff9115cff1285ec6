import { describe, expect, test } from 'vitest';
import { type Told, tellStory } from './story.ts';

const STORIES = 250;
const BATCH = 50;
const FIRST_SEED = 1;

/** The whole story of a failing seed, and how to hear it again. */
function explain({ seed, lines, violation }: Told): string {
  const again = `node test/simulation/run.ts ${seed}   (or SEED=${seed} npx vitest run test/simulation)`;
  return [`seed ${seed}: ${violation}`, ...lines, `again: ${again}`].join('\n');
}

const chosen = process.env.SEED;

describe.runIf(chosen !== undefined)(`the story of seed ${chosen}`, () => {
  test('ends well', async () => {
    const told = await tellStory(Number(chosen));
    expect(told.violation, explain(told)).toBeUndefined();
  });
});

describe.skipIf(chosen !== undefined)('releases under load while things break', () => {
  const batches = Array.from({ length: STORIES / BATCH }, (_, index) => FIRST_SEED + index * BATCH);

  test.each(batches)('50 stories from seed %i on lose nothing and end in order', { timeout: 30_000 }, async (first) => {
    for (let seed = first; seed < first + BATCH; seed += 1) {
      const told = await tellStory(seed);
      expect(told.violation, explain(told)).toBeUndefined();
    }
  });

  test('the same seed tells the same story', async () => {
    const [once, again] = [await tellStory(7), await tellStory(7)];
    expect(again.lines).toEqual(once.lines);
    expect(once.writes).toBeGreaterThan(0);
  });
});
