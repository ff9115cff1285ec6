import { tellStory } from './story.ts';

/** `node test/simulation/run.ts SEED [COUNT]`: tells one story, or runs many and tells the first that went wrong. */
const [first = '1', count = '1'] = process.argv.slice(2);
const begun = performance.now();
const endings: Record<string, number> = {};
let failures = 0;
for (let seed = Number(first); seed < Number(first) + Number(count); seed += 1) {
  const told = await tellStory(seed);
  for (const [name, times] of Object.entries(told.endings)) endings[name] = (endings[name] ?? 0) + times;
  if (count === '1' || (told.violation !== undefined && failures === 0)) console.log(told.lines.join('\n'));
  if (told.violation === undefined) continue;
  failures += 1;
  if (count !== '1') console.log(`seed ${seed}: ${told.violation.split('\n')[0]}`);
}
if (count !== '1') {
  const tookMs = performance.now() - begun;
  console.log(Object.entries(endings).sort((a, b) => b[1] - a[1]));
  console.log(`${failures} of ${count} failed; ${Math.round((Number(count) / tookMs) * 60_000)} stories a minute`);
}
process.exitCode = failures === 0 ? 0 : 1;
