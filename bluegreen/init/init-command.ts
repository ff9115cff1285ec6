import type { Command } from 'commander';
import { openAccount } from '../../cloud/account/account.ts';
import { apiOptionsOf } from '../../cloud/account/open.ts';
import { openAccountSetup } from '../../cloud/account/setup.ts';
import { loadSettings } from '../../config/load.ts';
import type { LoadedSettings } from '../../config/settings.ts';
import { answer, type GlobalOptions } from '../../operation/command-line.ts';
import { type Asker, terminalAsker } from './asker.ts';
import { lacksOf } from './furnish.ts';
import { gather, refuseMissing } from './gather.ts';
import { type Initialised, initText } from './init-text.ts';
import { readOffers } from './offers.ts';
import { lookAround, type Place } from './place.ts';
import { prepareFiles } from './prepare-files.ts';
import { secretsOfRepository } from './secrets.ts';
import { type Given, OPTIONS, type WishName } from './wishes.ts';

const WHAT: Readonly<Record<WishName, string>> = {
  domain: 'public name of the app: anny.example.com',
  zone: 'domain of the account that it lies in (default: the one it has, else the last two words of the name)',
  region: 'where machines stand, such as ewr',
  plan: 'size of a machine (default: vc2-1c-1gb)',
  app: 'name of the app (default: anny)',
  sshKey: 'private key that logs in on machines; made where there is none (default: ~/.ssh/anny)',
  sshKeyName: 'what the account calls it',
  repository: 'where backups go, a restic repository; none for no backups',
  email: "for the certificate's issuer",
};

/** The first hour: from an API key to a config.yaml and an .env that work. */
export function addInitCommand(program: Command): void {
  const command = program
    .command('init')
    .description('ask what must be known, write config.yaml and .env, and look whether the account has what it takes');
  for (const name of Object.keys(WHAT) as WishName[]) command.option(OPTIONS[name], WHAT[name]);
  command
    .option('--up', 'also make what the account lacks: the SSH key, the domain')
    .action((options: Given & { readonly up?: true }, line: Command) => init(options, line));
}

async function init({ up, ...given }: Given & { readonly up?: true }, line: Command): Promise<void> {
  const { yes, json, config }: GlobalOptions = line.optsWithGlobals();
  const place = await lookAround(config);
  const asker = process.stdin.isTTY && !yes && !json ? terminalAsker() : undefined;
  const files = await decide(place, given, asker);
  const settings = await files.write();
  const done = await furnish(settings, files.publicKey, { up: up === true, asker });
  const told = { ...done, ...files.told, name: settings.publicName, repository: settings.config.backup.repository };
  answer(line, told, initText(told));
}

/** Everything is asked and looked at before anything is written. */
async function decide(place: Place, given: Given, asker: Asker | undefined) {
  const before = await loadSettings({ env: process.env, directory: place.directory });
  const secrets = await collectSecrets(before, given, place, asker);
  if (place.config.isThere) return prepareFiles({ place, before, secrets, wishes: undefined });
  const key = secrets.VULTR_API_KEY ?? '';
  const options = apiOptionsOf({ ...before, secret: () => key }, process.env);
  const offers = await readOffers(openAccount(options), openAccountSetup(options));
  const wishes = await gather(given, offers, asker, place.directory);
  for (const name of secretsOfRepository(wishes.repository)) {
    secrets[name] ??= before.secret(name) ?? (await asker?.secret(`${name}, for ${wishes.repository}`)) ?? '';
  }
  return prepareFiles({ place, before, secrets, wishes });
}

/** From the environment or .env, else typed without being shown. */
async function collectSecrets(
  { secret, config }: LoadedSettings,
  given: Given,
  place: Place,
  asker: Asker | undefined,
): Promise<Record<string, string>> {
  const repository = given.repository ?? config.backup.repository;
  const names = ['VULTR_API_KEY', ...secretsOfRepository(repository)];
  const unset = names.filter((name) => secret(name) === undefined);
  if (asker === undefined) refuseMissing(place.config.isThere ? { ...given, ...COMPLETE } : given, unset);
  const found: Record<string, string> = {};
  for (const name of names) {
    const hint = name === 'VULTR_API_KEY' ? ' (https://my.vultr.com/settings/#settingsapi; it is not shown)' : '';
    found[name] = secret(name) ?? (await asker?.secret(`${name}${hint}`)) ?? '';
  }
  return found;
}

/** What a config.yaml that is there says already. */
const COMPLETE: Given = { domain: '', region: '', repository: '', email: '' };

async function furnish(
  settings: LoadedSettings,
  publicKey: string,
  { up, asker }: { readonly up: boolean; readonly asker: Asker | undefined },
): Promise<Pick<Initialised, 'made' | 'lacks'>> {
  const options = apiOptionsOf(settings, process.env);
  const { ssh_key_name: name, parent_domain: zone } = settings.config.infra;
  const lacks = await lacksOf(openAccount(options), openAccountSetup(options), { sshKey: { name, publicKey }, zone });
  const names = lacks.map(({ what }) => what);
  if (lacks.length === 0) return { made: [], lacks: [] };
  const wanted =
    up ||
    (await asker?.yesNo(
      `The account lacks ${names.join(' and ')}. Make ${names.length === 1 ? 'it' : 'them'} now?`,
      true,
    )) === true;
  if (!wanted) return { made: [], lacks: names };
  for (const { make } of lacks) await make();
  return { made: names, lacks: [] };
}
