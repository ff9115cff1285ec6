import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../operation/clock.ts';
import type { ProbeAnswer } from '../probe.ts';
import { alertBody, tellWebhook, webhookOf } from './alert.ts';
import { LOOK_AGAIN_MS } from './look.ts';
import { fileMemory } from './memory.ts';
import { resolveBy } from './resolve.ts';
import { type TurnPorts, turn } from './turn.ts';

const TARGET = { name: 'app.test', path: '/health', timeoutMs: 10_000 };

/** A webhook that listens, on this computer. */
let heard: unknown[];
let hookStatus: number;
let hook: ReturnType<typeof createServer>;
let directory: string;
let ports: TurnPorts;
let answers: Partial<ProbeAnswer>[];
let slept: number[];

beforeEach(async () => {
  [heard, answers, slept, hookStatus] = [[], [], [], 204];
  directory = await mkdtemp(join(tmpdir(), 'anny-monitor-'));
  hook = createServer(async (request, response) => {
    const said: unknown = JSON.parse(await text(request));
    if (hookStatus < 300) heard.push(said);
    response.writeHead(hookStatus).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => hook.once('listening', resolve));
  const { port } = hook.address() as AddressInfo;
  let now = Date.UTC(2026, 10, 1);
  const clock: Clock = {
    now: () => (now += 1_000),
    uptime: () => now,
    sleep: async (ms) => void slept.push(ms),
    randomHex: () => '',
  };
  ports = {
    resolve: async () => ({ kind: 'address', address: '192.0.2.1' }),
    probe: { get: async () => ({ status: 200, body: 'all about it', tookMs: 7, ...answers.shift() }) },
    clock,
    memory: fileMemory(join(directory, '.anny', 'monitor.json')),
    tell: tellWebhook(webhookOf(`http://127.0.0.1:${port}/hook`)),
    from: 'here',
  };
});

afterEach(async () => {
  hook.close();
  await rm(directory, { recursive: true, force: true });
});

const DOWN = { status: 503 };
const UP = { status: 200 };

async function turns(...seen: Partial<ProbeAnswer>[][]): Promise<string[]> {
  const states: string[] = [];
  for (const looks of seen) {
    answers = looks;
    states.push((await turn(ports, TARGET)).state);
  }
  return states;
}

const told = (): string[] => heard.map((one) => (one as { text: string }).text);

describe('a look from outside', () => {
  test('tells of a change, not of a state', async () => {
    expect(await turns([UP], [DOWN, DOWN], [DOWN], [DOWN], [UP], [UP])).toEqual([
      'up',
      'down',
      'down',
      'down',
      'up',
      'up',
    ]);
    expect(told()).toEqual([
      'app.test is DOWN (was UP), seen from here: HTTP 503 in 7 ms',
      expect.stringMatching(/^app\.test is UP \(was DOWN\) after .+, seen from here: HTTP 200 in 7 ms$/),
    ]);
    expect(told().join()).not.toContain('all about it');
  });

  test('believes only the second bad answer in a row: the first may have waited for a handover', async () => {
    expect(await turns([{ status: 0, problem: 'no answer in time' }, UP])).toEqual(['up']);
    expect(slept).toEqual([LOOK_AGAIN_MS]);
    expect(heard).toEqual([]);
  });

  test('remembers over a restart, and begins anew where nothing can be read', async () => {
    await turns([DOWN, DOWN]);
    ports = { ...ports, memory: fileMemory(join(directory, '.anny', 'monitor.json')) };
    await turns([DOWN], [UP]);
    expect(told()).toHaveLength(2);
    await writeFile(join(directory, '.anny', 'monitor.json'), '{"state":');
    expect(await turns([UP])).toEqual(['up']);
    expect(told()).toHaveLength(2);
  });

  test('says nothing of the app when the question does not get there', async () => {
    expect(await turns([{ status: 0, problem: 'no way', code: 'ENETUNREACH' }])).toEqual(['unknown']);
    ports = { ...ports, resolve: async () => ({ kind: 'unknown', why: 'no resolver' }) };
    expect(await turns([])).toEqual(['unknown']);
    expect(heard).toEqual([]);
  });

  test('is down when the name leads nowhere', async () => {
    ports = { ...ports, resolve: async () => ({ kind: 'nowhere', why: 'app.test has no address' }) };
    expect(await turns([])).toEqual(['down']);
    expect(told()[0]).toContain('app.test has no address');
  });

  test('tells again what the webhook did not take, and never says its address', async () => {
    hookStatus = 404;
    answers = [DOWN, DOWN];
    const failure = await turn(ports, TARGET).catch((error: unknown) => error);
    expect(String(failure)).toContain('telling the webhook at 127.0.0.1: HTTP 404');
    expect(JSON.stringify(failure)).not.toContain('/hook');
    hookStatus = 204;
    await turns([DOWN, DOWN]);
    expect(told()).toHaveLength(1);
  });

  test('goes on without anybody to tell', async () => {
    ports = { ...ports, tell: undefined };
    answers = [DOWN, DOWN];
    expect(await turn(ports, TARGET)).toMatchObject({ state: 'down', told: false });
    expect(JSON.parse(await readFile(join(directory, '.anny', 'monitor.json'), 'utf8'))).toMatchObject({
      state: 'down',
    });
  });
});

test.each([
  ['https://hooks.slack.com/services/T0/B0/x', { text: 'down' }],
  ['https://discord.com/api/webhooks/1/x', { content: 'down' }],
  ['https://discordapp.com/api/webhooks/1/x', { content: 'down' }],
  ['https://discord.com/api/webhooks/1/x/slack', { text: 'down' }],
  ['https://discord.com.example.org/x', { text: 'down', content: 'down' }],
])('%s gets what it reads', (url, body) => {
  expect(alertBody(webhookOf(url), 'down')).toEqual(body);
});

test.each(['hooks.slack.com/x', 'ftp://example.org/', 'https://'])('%s is refused, and not repeated', (address) => {
  expect(() => webhookOf(address)).toThrow(/^(?!.*hooks\.slack).*no address of a webhook/);
});

test('a resolver that nobody answers at says nothing of the name', async () => {
  const led = await resolveBy(['127.0.0.1:1'])('app.test');
  expect(led).toEqual({ kind: 'unknown', why: expect.stringMatching(/ECONNREFUSED|ETIMEOUT/) });
});
