import { tellMany } from './crew.ts';
import { tellStory } from './story.ts';

/** `node test/simulation/run.ts SEED [COUNT]`: tells one story, or runs many and sums up what went wrong. */
const [first = '1', count = '1'] = process.argv.slice(2);

if (count === '1') {
  const told = await tellStory(Number(first));
  console.log(told.lines.join('\n'));
  process.exitCode = told.violation === undefined ? 0 : 1;
} else {
  await runMany(Number(first), Number(count));
}

async function runMany(from: number, wanted: number): Promise<void> {
  const begun = performance.now();
  const { stories, endings, failed } = await tellMany(from, (heard) => heard.stories < wanted);
  const perMinute = Math.round((stories / (performance.now() - begun)) * 60_000);
  for (const [name, times] of Object.entries(endings).sort((a, b) => b[1] - a[1])) {
    console.log(String(times).padStart(6), name);
  }
  // Numbers and addresses differ from story to story; what is left is the kind of failure.
  const kinds = Map.groupBy(failed, ({ violation }) => violation?.split(/[\n:]/)[0]?.replaceAll(/[\d.]+/g, '#') ?? '');
  for (const [kind, told] of kinds) {
    const seeds = told.slice(0, 8).map(({ seed }) => seed);
    console.log(`${kind}: ${told.length}, seeds ${seeds.join(' ')}`);
  }
  console.log(`${failed.length} of ${stories} went wrong; ${perMinute} stories a minute`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}
