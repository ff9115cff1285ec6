import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { yesNo } from './command-line.ts';

function asked(stop?: AbortSignal) {
  const terminal = { input: new PassThrough(), output: new PassThrough(), terminal: true };
  return { typed: (text: string) => terminal.input.write(text), answer: yesNo('go on?', stop, terminal), terminal };
}

test.each([
  ['y\r', true],
  ['YES\r', true],
  ['n\r', false],
  ['\r', false],
  ['yesterday\r', false],
  ['\u0003', false],
  ['\u0004', false],
  ['y\u0003', false],
])('a question is answered by %j: %s', async (text, yes) => {
  const { typed, answer } = asked();
  typed(text);
  expect(await answer).toBe(yes);
});

test('a question that nobody can answer any more is answered with no: the input ends, or the program is stopped', async () => {
  const ended = asked();
  ended.terminal.input.end();
  expect(await ended.answer).toBe(false);
  const stop = new AbortController();
  const stopped = asked(stop.signal);
  stop.abort();
  expect(await stopped.answer).toBe(false);
});
