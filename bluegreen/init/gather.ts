import { existsSync, readdirSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { localPath } from '../../config/local-path.ts';
import { configSchema } from '../../config/schema.ts';
import { publicHalf, sameKey } from '../../machine/key-file.ts';
import { AnnyError } from '../../operation/errors.ts';
import type { Asker, Choice, Question } from './asker.ts';
import { notAmong, type Offers, planChoices, regionChoices } from './offers.ts';
import { type Given, isIn, NO_REPOSITORY, OPTIONS, type Wishes, type WishName, zoneOf } from './wishes.ts';

/** Without anybody to ask, these must be given; for the others there is an answer that most people would give. */
const NEEDED: readonly WishName[] = ['domain', 'region', 'repository', 'email'];
const DOMAIN = /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const NEW_KEY = '~/.ssh/anny';

/** @throws {AnnyError} USAGE naming every option that is missing, when nobody is there to be asked. */
export function refuseMissing(given: Given, secrets: readonly string[]): void {
  const missing = NEEDED.filter((name) => given[name] === undefined).map((name) => OPTIONS[name]);
  if (missing.length + secrets.length === 0) return;
  const options = missing.length === 0 ? [] : [`add ${missing.join(' ')}`];
  const variables = secrets.length === 0 ? [] : [`set ${secrets.join(', ')} in the environment`];
  throw new AnnyError('USAGE', {
    doing: 'init',
    found: 'nobody is there to be asked, and not all is said',
    next: `${[...options, ...variables].join('; ')}${missing.includes(OPTIONS.repository) ? ` (--repository ${NO_REPOSITORY}: no backups)` : ''}`,
  });
}

/** Asks for what is not given, and looks at each answer by itself: `asker` is undefined where nobody is there. */
export async function gather(
  given: Given,
  offers: Offers,
  asker: Asker | undefined,
  directory: string,
): Promise<Wishes> {
  const text = async (name: WishName, question: Question): Promise<string> => {
    const said = given[name] ?? question.fallback;
    if (given[name] !== undefined || asker === undefined) return checked(name, said ?? '', question.check);
    return asker.text(question);
  };
  const one = async (name: WishName, what: string, choices: readonly Choice[], fallback: string): Promise<string> => {
    const check = (word: string) => notAmong(what, word, choices);
    if (given[name] !== undefined || asker === undefined) return checked(name, given[name] ?? fallback, check);
    return asker.choose(`${what[0]?.toUpperCase()}${what.slice(1)}`, choices, fallback);
  };
  const domain = await text('domain', {
    message: 'Public name of the app, such as anny.example.com',
    check: (word) => (DOMAIN.test(word) ? undefined : 'a name in lower case, such as anny.example.com'),
  });
  const guess = zoneOf(domain, offers.domains);
  const asksForZone = given.zone !== undefined || !offers.domains.includes(guess);
  const zone = !asksForZone
    ? guess
    : await text('zone', {
        message: `The account has no domain that ${domain} lies in. Which one shall it have?`,
        fallback: guess,
        check: (word) => (DOMAIN.test(word) && isIn(domain, word) ? undefined : `a domain that ${domain} lies in`),
      });
  const region = await one('region', 'region', regionChoices(offers), 'ewr');
  const plans = planChoices(offers, region);
  const usual = configSchema.parse({}).infra.vultr_plan;
  const fallbackPlan = plans.some(({ value }) => value === usual) ? usual : (plans[0]?.value ?? usual);
  const plan = await one('plan', 'plan', plans, fallbackPlan);
  const app = await text('app', { message: 'Name of the app', fallback: 'anny', check: notAName });
  const sshKey = given.sshKey ?? (await keyPath(asker));
  const sshKeyName = given.sshKeyName ?? (await keyName(localPath(directory, sshKey), offers, app));
  const repository = await text('repository', {
    message: `Where backups go, off the machine: s3:https://…, sftp:…, rest:… (restic); ${NO_REPOSITORY} for no backups`,
    fallback: asker === undefined ? undefined : NO_REPOSITORY,
    check: notARepository,
  });
  const email = await text('email', {
    message: "E-mail for the certificate's issuer",
    fallback: asker === undefined ? undefined : offers.account.email,
    check: (word) => (EMAIL.test(word) ? undefined : 'an e-mail address'),
  });
  const shown = repository === NO_REPOSITORY ? '' : repository;
  return { domain, zone, region, plan, app, sshKey, sshKeyName, repository: shown, email };
}

function checked(name: WishName, word: string, check: (word: string) => string | undefined): string {
  const wrong = check(word);
  if (wrong === undefined) return word;
  throw new AnnyError('USAGE', {
    doing: `reading ${OPTIONS[name]}`,
    // A repository's address may have a password in it.
    found: `${name === 'repository' ? 'it' : `"${word}"`} will not do: ${wrong}`,
    next: 'correct it, and run this again; nothing was written',
  });
}

/** In the words of the configuration's own schema. */
function wrongIn(section: string, values: object, words: string): string | undefined {
  return configSchema.safeParse({ [section]: values }).success ? undefined : words;
}

function notAName(word: string): string | undefined {
  return wrongIn('app', { name: word }, 'lower-case letters, digits and dashes, starting with a letter, at most 31');
}

function notARepository(word: string): string | undefined {
  if (word === NO_REPOSITORY) return undefined;
  if (word === '') return `an address, or ${NO_REPOSITORY}`;
  const words =
    's3:https://HOST/BUCKET/PATH, rest:https://USER@HOST/PATH, sftp:USER@HOST:/PATH, without a password in it';
  return wrongIn('backup', { repository: word }, words);
}

/** Keys in ~/.ssh that have both halves, and a new one. */
async function keyPath(asker: Asker | undefined): Promise<string> {
  if (asker === undefined) return NEW_KEY;
  const directory = join(homedir(), '.ssh');
  const files = existsSync(directory) ? readdirSync(directory) : [];
  const keys = files.filter((name) => files.includes(`${name}.pub`)).map((name) => `~/.ssh/${name}`);
  const fresh = keys.includes(NEW_KEY) ? [] : [{ value: NEW_KEY, name: `a new one: ${NEW_KEY}` }];
  const choices = [...fresh, ...keys.map((path) => ({ value: path, name: path }))];
  return asker.choose('SSH key that logs in on the machines (without a passphrase)', choices, choices[0]?.value);
}

/** As the account calls this key; a new name where it does not know it. */
async function keyName(path: string, { sshKeys }: Offers, app: string): Promise<string> {
  const own = await publicHalf(path);
  const known = own === undefined ? undefined : sshKeys.find(({ publicKey }) => sameKey(publicKey, own));
  if (known !== undefined) return known.name;
  const wanted = `${app}-${userInfo().username}`;
  if (!sshKeys.some(({ name }) => name === wanted)) return wanted;
  throw new AnnyError('USAGE', {
    doing: `naming the SSH key ${path} in the account`,
    found: `the account has another key called ${wanted}`,
    next: 'give this one a name of its own: --ssh-key-name NAME',
  });
}
