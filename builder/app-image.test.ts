import { readdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import Docker from 'dockerode';
import { extract, pack } from 'tar-stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Shell } from '../machine/shell.ts';
import { AnnyError } from '../operation/errors.ts';
import { beginApp } from './app-image.ts';
import { contextArchive, readBuildContext } from './build-context.ts';
import { projectWith, settingsIn } from './trial/project.ts';

const PROJECT = {
  'config.yaml': 'app:\n  build_args: { BASE_IMAGE: scratch }\n  config_file: ""\n',
  'app/Dockerfile': 'FROM scratch\n',
  'app/.dockerignore': '*.secret\n',
  'app/main.js': 'serve();\n',
  'app/key.secret': 'secret\n',
  'app/bin/run': { text: 'run\n', mode: 0o755 },
};
/** As an engine saves it: what is which layer is only told at the end. */
async function savedImage(...layers: readonly string[]): Promise<Buffer> {
  const archive = pack();
  for (const layer of layers) archive.entry({ name: `of-${layer}/layer.tar` }, layer);
  const ids = layers.map((layer) => `sha256:${layer}`);
  archive.entry({ name: 'config.json' }, JSON.stringify({ rootfs: { type: 'layers', diff_ids: ids } }));
  const manifest = { Config: 'config.json', RepoTags: null, Layers: layers.map((layer) => `of-${layer}/layer.tar`) };
  archive.entry({ name: 'manifest.json' }, JSON.stringify([manifest]));
  archive.finalize();
  return buffer(Readable.from(archive));
}

const IMAGE = await savedImage('node', 'app');

interface Engine {
  readonly docker: Docker;
  readonly asked: string[];
  /** What was sent as the build context. */
  readonly contexts: Buffer[];
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An engine that speaks as much of Docker's API as a bake needs. */
async function engineWith(
  answers: { readonly build?: Answer; readonly save?: Answer; readonly makes?: string } = {},
): Promise<Engine> {
  let platform = 'amd64';
  const asked: string[] = [];
  const contexts: Buffer[] = [];
  const built: Answer = (_request, response) => response.end('{"stream":"Step 1/1"}\n');
  const saved: Answer = (_request, response) => response.end(IMAGE);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    asked.push(path);
    if (path === '/_ping') response.end('OK');
    else if (path.endsWith('/version')) response.end('{"Arch":"amd64"}');
    else if (/^\/images\/.*\/json$/.test(path))
      response.end(JSON.stringify({ Architecture: answers.makes ?? platform }));
    else if (path.startsWith('/build')) {
      platform = /platform=linux\/(\w+)/.exec(path)?.[1] ?? 'amd64';
      void buffer(request).then((context) => {
        contexts.push(context);
        (answers.build ?? built)(request, response);
      });
    } else (answers.save ?? saved)(request, response);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return { docker: new Docker({ host: '127.0.0.1', port, protocol: 'http' }), asked, contexts };
}

interface Loader extends Shell {
  readonly ran: string[];
  readonly received: Buffer[];
}

interface Had {
  readonly architecture?: string;
  /** Layers of its images, one image a line. */
  readonly layers?: string;
  /** Of what it is given to load, whether it takes it. */
  readonly takes?: (archive: Buffer) => boolean;
}

function machine(address: string, { architecture = 'amd64', layers = '', takes = () => true }: Had = {}): Loader {
  const ran: string[] = [];
  const received: Buffer[] = [];
  const run: Shell['run'] = async (script, options) => {
    ran.push(script);
    if (script.startsWith('docker image ls')) return layers;
    if (options?.stdin !== undefined) {
      const archive = await buffer(options.stdin);
      received.push(archive);
      if (!takes(archive))
        throw new AnnyError('COMMAND_FAILED', { doing: 'docker load', found: 'no such layer', next: '' });
    }
    return script.startsWith('dpkg') ? `${architecture}\n` : '';
  };
  return {
    ...{ address, ran, received, run, put: async () => undefined, close: async () => undefined },
    attempt: async (script, options) => ({ code: 0, stdout: await run(script, options), stderr: '' }),
  };
}

const quiet = { progress: () => undefined, done: () => undefined, failed: () => undefined, stopped: () => undefined };

/** Over when the test is. */
function untilEnd(): AbortSignal {
  const ended = new AbortController();
  onTestFinished(() => ended.abort());
  return ended.signal;
}

async function bakeOn(engine: Engine, shell: Shell, stop = untilEnd()): Promise<string> {
  const settings = await settingsIn(await projectWith(PROJECT));
  return beginApp(settings, stop, engine.docker)(shell, quiet);
}

async function archivesHere(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('anny-app-')).sort();
}

async function entriesOf(archive: Buffer = Buffer.of()): Promise<string[]> {
  return (await namesIn(archive)).map((line) => line.split(' ')[1] ?? '');
}

async function namesIn(archive: Buffer): Promise<string[]> {
  const names: string[] = [];
  const reader = extract();
  reader.on('entry', (header, stream, next) => {
    names.push(`${header.mode?.toString(8)} ${header.name}`);
    stream.resume().on('end', next);
  });
  reader.end(archive);
  await new Promise((resolve) => reader.once('finish', () => resolve(undefined)));
  return names;
}

describe("the app's image", () => {
  test('is built on the engine here and sent whole to a machine that has nothing of it', async () => {
    const engine = await engineWith();
    const shell = machine('10.0.0.7');
    expect(await bakeOn(engine, shell)).toBe('0 MB sent');
    expect(await entriesOf(shell.received[0])).toEqual(await entriesOf(IMAGE));
    expect(shell.ran.at(-1)).toContain('docker load');
    expect(shell.ran.at(-1)).toContain("docker image rm 'anny:base'");
    const build = engine.asked.find((path) => path.startsWith('/build')) ?? '';
    expect(build).toContain('t=anny:baked');
    expect(build).toContain('{"BASE_IMAGE":"scratch"}');
    expect(build).not.toContain('platform');
    expect(await namesIn(engine.contexts[0] ?? Buffer.of())).toEqual([
      ...['644 .dockerignore', '644 Dockerfile', '755 bin/run', '644 main.js'],
    ]);
  });

  test('is sent without the layers that the machine has, as long as they are the lowest', async () => {
    const image = await savedImage('node', 'modules', 'app');
    const engine = await engineWith({ save: (_request, response) => response.end(image) });
    const shell = machine('10.0.0.7', {
      layers: 'sha256:other sha256:modules\nsha256:node sha256:modules sha256:old\n',
    });
    expect(await bakeOn(engine, shell)).toBe('0 MB sent, 0 MB were there');
    expect(await entriesOf(shell.received[0])).toEqual(['of-app/layer.tar', 'config.json', 'manifest.json']);
  });

  test('is sent whole to a machine whose Docker wants all layers, although it has some', async () => {
    const shell = machine('10.0.0.7', {
      layers: 'sha256:node\n',
      takes: (archive) => archive.includes('of-node/layer.tar\0'),
    });
    expect(await bakeOn(await engineWith(), shell)).toMatch(
      /^0 MB sent; without what the machine has it was refused: \S/,
    );
    expect(shell.received.length).toBe(2);
  });

  test('leaves nothing on the disk here once the bake is over', async () => {
    const before = await archivesHere();
    const ended = new AbortController();
    await bakeOn(await engineWith(), machine('10.0.0.7'), ended.signal);
    expect((await archivesHere()).length).toBe(before.length + 1);
    ended.abort();
    expect(await archivesHere()).toEqual(before);
  });

  test('is taken by its own id: the tag here may be another bake’s by then', async () => {
    const engine = await engineWith({
      build: (_request, response) => response.end('{"aux":{"ID":"sha256:abc"}}\n{"stream":"Successfully built"}\n'),
    });
    await bakeOn(engine, machine('10.0.0.7'));
    expect(engine.asked).toContainEqual(expect.stringContaining('/images/sha256:abc/get'));
  });

  test('is under way before there is a machine, and what fails by then is told when it is wanted', async () => {
    const engine = await engineWith({ build: (_request, response) => response.end('{"error":"no such base"}\n') });
    const settings = await settingsIn(await projectWith(PROJECT));
    const bring = beginApp(settings, new AbortController().signal, engine.docker);
    await expect.poll(() => engine.contexts.length).toBe(1);
    await expect(bring(machine('10.0.0.7'), quiet)).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      found: expect.stringContaining('no such base'),
    });
  });

  test('is compressed for a machine that is far away', async () => {
    const shell = machine('203.0.113.7');
    await bakeOn(await engineWith(), shell);
    expect(await entriesOf(gunzipSync(shell.received[0] ?? Buffer.of()))).toEqual(await entriesOf(IMAGE));
  });

  test("is built for the machine's kind of processor where that is another", async () => {
    const engine = await engineWith();
    await bakeOn(engine, machine('10.0.0.7', { architecture: 'arm64' }));
    // The first was begun before there was a machine.
    expect(engine.asked.findLast((path) => path.startsWith('/build'))).toContain('platform=linux/arm64');
  });

  test('that is for another kind of processor fails the bake, with the line that it stands on', async () => {
    const engine = await engineWith({ makes: 'arm64' });
    await expect(bakeOn(engine, machine('192.0.2.7'))).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      found: expect.stringMatching(/^app\/Dockerfile:1 FROM .* gave an image for arm64$/),
    });
  });

  test('that does not build fails the bake with its last lines', async () => {
    const engine = await engineWith({
      build: (_request, response) => response.end('{"stream":"Step 1/9"}\n{"error":"npm ERR! no such package"}\n'),
    });
    await expect(bakeOn(engine, machine('10.0.0.7'))).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      doing: "building the app's image from app/Dockerfile",
      found: expect.stringMatching(/Step 1\/9[\s\S]*no such package/),
    });
  });

  test('whose engine breaks off fails the bake, and not the program', async () => {
    const engine = await engineWith({
      save: (_request, response) => {
        response.writeHead(200, { 'Content-Length': '1000000' });
        response.write('the beginning');
        setTimeout(() => response.destroy(), 20);
      },
    });
    await expect(bakeOn(engine, machine('10.0.0.7'))).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      doing: expect.stringContaining('from the engine here'),
      found: expect.stringContaining('it broke off'),
    });
  });

  test('is no longer built after Ctrl-C', async () => {
    const control = new AbortController();
    const engine = await engineWith({ build: () => control.abort() });
    await expect(bakeOn(engine, machine('10.0.0.7'), control.signal)).rejects.toBeInstanceOf(AnnyError);
  });

  test('is built on the machine where there is no engine here', async () => {
    const docker = new Docker({ host: '127.0.0.1', port: 1, protocol: 'http' });
    const shell = machine('10.0.0.7');
    expect(await bakeOn({ docker, asked: [], contexts: [] }, shell)).toBe('built on the machine');
    expect(shell.ran).toEqual([
      "docker build --quiet --tag 'anny:baked' --file 'Dockerfile' --build-arg 'BASE_IMAGE=scratch' - >/dev/null",
    ]);
    expect(await namesIn(shell.received[0] ?? Buffer.of())).toContain('644 main.js');
  });
});

test('a build context without its Dockerfile is refused before anything is made', async () => {
  const settings = await settingsIn(
    await projectWith({ ...PROJECT, 'config.yaml': 'app:\n  dockerfile: Dockerfil\n' }),
  );
  await expect(readBuildContext(settings)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    doing: 'reading app.dockerfile (config.yaml:2)',
    found: 'there is no Dockerfil in app',
  });
  const elsewhere = await settingsIn(await projectWith({ 'config.yaml': 'app:\n  name: x\n  context: ap\n' }));
  await expect(readBuildContext(elsewhere)).rejects.toMatchObject({
    doing: 'reading app.context (config.yaml:3)',
    found: 'there is no directory ap',
  });
});

test('the same content makes the same archive, byte by byte', async () => {
  const archives = [0, 1].map(async () =>
    text(contextArchive(await readBuildContext(await settingsIn(await projectWith(PROJECT))))),
  );
  const [first, second] = await Promise.all(archives);
  expect(second).toBe(first);
});
