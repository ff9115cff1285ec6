import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { packagedFile } from '../../builder/project-files.ts';
import { loadSettings } from '../../config/load.ts';
import { localPath } from '../../config/local-path.ts';
import type { LoadedSettings } from '../../config/settings.ts';
import { publicHalf } from '../../machine/key-file.ts';
import { makeSshKey } from '../../machine/ssh-key.ts';
import { AnnyError } from '../../operation/errors.ts';
import { systemClock } from '../../operation/system-clock.ts';
import { configText, signingKeyOf } from './config-text.ts';
import type { Place } from './place.ts';
import { envText, strongSecret } from './secrets.ts';
import type { Wishes } from './wishes.ts';
import { copyNew, type NewFile, readIfThere, writeNew } from './write-new.ts';

const SECRET_MODE = 0o600;
const PLAIN_MODE = 0o644;
const IGNORED = '.env\n.env.*\n.anny/\nnode_modules/\n';

export interface Decided {
  readonly place: Place;
  /** As it is before anything is written. */
  readonly before: LoadedSettings;
  /** Those of the account and the repository. */
  readonly secrets: Readonly<Record<string, string>>;
  /** undefined when config.yaml is there. */
  readonly wishes: Wishes | undefined;
}

export interface Prepared {
  /** Of the key that logs in on machines. */
  readonly publicKey: string;
  readonly told: {
    readonly wrote: readonly string[];
    /** Was there, and stays as it is. */
    readonly kept: readonly string[];
    /** Needed, and not in the .env that is there: NAME=value lines to add. */
    readonly toAdd: readonly string[];
    /** The .gitignore that is there does not keep .env out. */
    readonly commitsEnv: boolean;
  };
  /** Returns what holds from now on. */
  write(): Promise<LoadedSettings>;
}

/** Everything that will be written, looked at by what will read it. */
export async function prepareFiles({ place, before, secrets, wishes }: Decided): Promise<Prepared> {
  const { infra } = before.config;
  const login = await keyAt(localPath(place.directory, wishes?.sshKey ?? infra.ssh_private_key));
  const signing = wishes === undefined ? undefined : await keyAt(localPath(place.directory, signingKeyOf(wishes)));
  const signer = { name: signerName(), publicKey: signing?.publicKey ?? '' };
  const config = wishes === undefined ? undefined : configText(wishes, place.app, signer);
  const after = await judged(place, config, secrets);
  const all = allSecrets(after, secrets);
  const copiesApp = place.app.kind === 'example' && !place.app.isThere && wishes !== undefined;
  const files: NewFile[] = [
    ...login.files,
    ...(signing?.files ?? []),
    ...(place.env.isThere ? [] : [{ path: place.env.path, text: envText(all), mode: SECRET_MODE }]),
    ...(config === undefined ? [] : [{ path: place.config.path, text: config, mode: PLAIN_MODE }]),
  ];
  const ignore = join(place.directory, '.gitignore');
  const ignored = await readIfThere(ignore);
  const ignores = ignored === undefined ? [{ path: ignore, text: IGNORED, mode: PLAIN_MODE }] : [];
  const wanted = [...ignores, ...files];
  const unset = Object.keys(all).filter((name) => before.secret(name) === undefined);
  return {
    publicKey: login.publicKey,
    told: {
      wrote: [...(copiesApp ? [join(place.directory, 'app')] : []), ...wanted.map(({ path }) => path)],
      kept: [place.config, place.env].flatMap((one) => (one.isThere ? [one.path] : [])),
      toAdd: place.env.isThere ? unset : [],
      commitsEnv: ignored !== undefined && !/^\/?\.env\*?\s*$/m.test(ignored),
    },
    write: () =>
      undisturbed(async () => {
        if (copiesApp) await copyNew(packagedFile('app'), join(place.directory, 'app'));
        for (const file of wanted) if (!(await writeNew(file))) throw meanwhile(file.path);
        return loadSettings({ env: process.env, file: place.config.path });
      }),
  };
}

/** By the program's own reader, before it stands where it is read. */
async function judged(place: Place, config: string | undefined, secrets: Readonly<Record<string, string>>) {
  const env = { ...process.env, ...secrets };
  if (config === undefined) return loadSettings({ env, file: place.config.path });
  const directory = await mkdtemp(join(tmpdir(), 'anny-init-'));
  try {
    await writeFile(join(directory, 'config.yaml'), config);
    return await loadSettings({ env, directory });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What is known stays; what nobody has to know by heart is made up. */
function allSecrets(
  { config, secret }: LoadedSettings,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const app = config.app.secrets.map((name): [string, string] => [
    name,
    secret(name) ?? (name === 'ANNY_API_KEY' ? strongSecret() : ''),
  ]);
  const made = ['ANNY_BACKUP_PASSWORD', 'PULUMI_CONFIG_PASSPHRASE'].map((name): [string, string] => [
    name,
    secret(name) ?? strongSecret(),
  ]);
  return { ...given, ...Object.fromEntries(app), ...Object.fromEntries(made) };
}

async function keyAt(path: string): Promise<{ publicKey: string; files: readonly NewFile[] }> {
  const there = await publicHalf(path);
  if (there !== undefined) return { publicKey: there, files: [] };
  const { privateKey, publicKey } = makeSshKey(systemClock);
  const half = { path: `${path}.pub`, text: `${publicKey} anny\n`, mode: PLAIN_MODE };
  if ((await readIfThere(half.path)) !== undefined) {
    throw new AnnyError('USAGE', {
      doing: `making the SSH key ${path}`,
      found: `${half.path} is there already, without its private half`,
      next: 'move it away, or name another key with --ssh-key',
    });
  }
  return { publicKey, files: [{ path, text: privateKey, mode: SECRET_MODE }, half] };
}

/** A name that image.signers takes. */
function signerName(): string {
  const name = userInfo()
    .username.toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-');
  return /^[a-z]/.test(name) ? name.slice(0, 31) : 'operator';
}

/** It takes some milliseconds: Ctrl-C may wait for its end. */
async function undisturbed<T>(write: () => Promise<T>): Promise<T> {
  const wait = (): void => undefined;
  process.on('SIGINT', wait);
  try {
    return await write();
  } finally {
    process.off('SIGINT', wait);
  }
}

function meanwhile(path: string): AnnyError {
  return new AnnyError('USAGE', {
    doing: `writing ${path}`,
    found: 'somebody else has made it meanwhile, and it is not overwritten',
    next: 'look at it, then run this again',
  });
}
