import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { parse } from 'yaml';
import { z } from 'zod';
import { contextArchive, readBuildContext } from '../../builder/build-context.ts';
import { readChain } from '../../builder/definition.ts';
import { renderTree } from '../../builder/render.ts';
import type { Settings } from '../../config/settings.ts';
import { type Ask, clientOf } from './client.ts';

/** The compose file of templates/, as far as it goes: a key that is not known here makes the tests fail. */
const serviceSchema = z.strictObject({
  image: z.string(),
  container_name: z.string(),
  network_mode: z.literal('bridge'),
  ports: z.tuple([z.string()]),
  user: z.string(),
  restart: z.literal('on-failure'),
  stop_grace_period: z.string().regex(/^\d+s$/),
  init: z.literal(true),
  read_only: z.literal(true),
  tmpfs: z.array(z.string()),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  volumes: z.array(
    z.strictObject({ type: z.string(), source: z.string(), target: z.string(), read_only: z.boolean().optional() }),
  ),
  logging: z.looseObject({ driver: z.string() }),
});
const composeSchema = z.looseObject({ services: z.record(z.string(), serviceSchema) });

export interface AppContainer {
  readonly ask: Ask;
  readonly inspect: () => Promise<Docker.ContainerInspectInfo>;
  readonly logs: () => Promise<string>;
  /** Runs a command in it: exit code and output. */
  readonly run: (...command: string[]) => Promise<{ code: number; output: string }>;
  /** SIGTERM, and SIGKILL after the grace period; then its exit code and how long it took. */
  readonly stop: () => Promise<{ code: number; ms: number }>;
  readonly start: () => Promise<void>;
}

/** An app's image and one volume on this computer's engine, under names that nobody else uses. */
export interface AppStage {
  readonly image: string;
  readonly compose: string;
  readonly engine: Docker;
  run(environment: Readonly<Record<string, string>>): Promise<AppContainer>;
  close(): Promise<void>;
}

export async function openStage(settings: Settings): Promise<AppStage> {
  const engine = new Docker();
  const name = `anny-test-${settings.config.app.name}-${process.pid}`;
  const directory = await mkdtemp(join(tmpdir(), 'anny-stage-'));
  const compose = await render(settings, directory);
  await build(engine, settings, name);
  await engine.createVolume({ Name: name });
  const containers: Docker.Container[] = [];
  return {
    engine,
    image: name,
    compose,
    run: async (environment) => {
      const container = await engine.createContainer(optionsOf(settings, compose, { name, directory, environment }));
      containers.push(container);
      return start(container, settings.config.app.port);
    },
    close: async () => {
      for (const container of containers) await container.remove({ force: true });
      await engine.getVolume(name).remove();
      await engine.getImage(name).remove();
      await rm(directory, { recursive: true });
    },
  };
}

/** What would lie on a machine lies in `directory` here. Returns the compose file. */
async function render(settings: Settings, directory: string): Promise<string> {
  const chain = await readChain(settings.directory, settings.config.image.name);
  const trees = await Promise.all(chain.map((definition) => renderTree(settings, definition)));
  const files = trees.flat();
  const config = files.find(({ path }) => path === '/opt/anny/config.yaml');
  if (config !== undefined) await writeFile(join(directory, 'config.yaml'), config.content);
  await mkdir(join(directory, 'app'));
  const compose = files.find(({ path }) => path === '/opt/anny/docker-compose.yml')?.content.toString();
  if (compose === undefined) throw new Error('there is no compose file among the templates');
  return compose;
}

async function build(engine: Docker, settings: Settings, tag: string): Promise<void> {
  const { dockerfile, build_args: buildargs } = settings.config.app;
  const archive = contextArchive(await readBuildContext(settings));
  const stream = await engine.buildImage(archive, { t: tag, dockerfile, buildargs, forcerm: true });
  await new Promise<void>((resolve, reject) => {
    engine.modem.followProgress(stream, (error: Error | null, events: { error?: string }[]) => {
      const failed = events?.find((event) => event.error !== undefined)?.error;
      if (error !== null || failed !== undefined) reject(error ?? new Error(failed));
      else resolve();
    });
  });
}

interface Place {
  readonly name: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** The compose file's service, with this test's names in place of the machine's. */
function optionsOf(settings: Settings, compose: string, place: Place): Docker.ContainerCreateOptions {
  const service = composeSchema.parse(parse(compose)).services[settings.config.app.name];
  if (service === undefined) throw new Error(`there is no service ${settings.config.app.name}`);
  const here = (source: string) => source.replace(/^\/(opt|run)\/anny/, place.directory);
  const mounts = service.volumes.map(({ type, source, target, read_only }) =>
    type === 'volume' ? `${place.name}:${target}` : `${here(source)}:${target}${read_only ? ':ro' : ''}`,
  );
  const environment = { ...settings.config.app.environment, ...place.environment };
  const port = `${settings.config.app.port}/tcp`;
  return {
    Image: place.name,
    User: service.user,
    Env: Object.entries(environment).map(([variable, value]) => `${variable}=${value}`),
    StopTimeout: Number.parseInt(service.stop_grace_period, 10),
    ExposedPorts: { [port]: {} },
    HostConfig: {
      Binds: mounts,
      NetworkMode: service.network_mode,
      PortBindings: { [port]: [{ HostIp: '127.0.0.1', HostPort: '0' }] },
      Init: service.init,
      ReadonlyRootfs: service.read_only,
      Tmpfs: Object.fromEntries(service.tmpfs.map((path) => [path, ''])),
      CapDrop: service.cap_drop,
      SecurityOpt: service.security_opt,
    },
  };
}

async function start(container: Docker.Container, port: number): Promise<AppContainer> {
  await container.start();
  const url = async () => {
    const { NetworkSettings } = await container.inspect();
    return `http://127.0.0.1:${NetworkSettings.Ports[`${port}/tcp`]?.[0]?.HostPort}`;
  };
  return {
    ask: async (path, question) => clientOf(await url())(path, question),
    inspect: () => container.inspect(),
    logs: async () => (await container.logs({ stdout: true, stderr: true })).toString(),
    run: (...command) => runIn(container, command),
    stop: async () => {
      const began = performance.now();
      await container.stop();
      return { code: (await container.inspect()).State.ExitCode, ms: performance.now() - began };
    },
    start: () => container.start(),
  };
}

async function runIn(container: Docker.Container, command: string[]): Promise<{ code: number; output: string }> {
  const exec = await container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true, Tty: true });
  const stream = await exec.start({ Tty: true });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return { code: (await exec.inspect()).ExitCode ?? -1, output: Buffer.concat(chunks).toString() };
}
