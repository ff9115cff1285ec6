import { randomBytes } from 'node:crypto';
import { AnnyError } from '../../operation/errors.ts';

const SECRET_BYTES = 30;

/** Nobody chose it, so nobody guesses it. */
export function strongSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** What opens a repository, by its address; a password of ours comes on top. */
export function secretsOfRepository(repository: string): readonly string[] {
  if (repository.startsWith('s3:')) return ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
  return /^rest:https?:\/\/[^/@]+@/.test(repository) ? ['RESTIC_REST_PASSWORD'] : [];
}

/** A first .env. Values come from people and files: whatever they hold, the line stays one. */
export function envText(secrets: Readonly<Record<string, string>>): string {
  const said: Readonly<Record<string, string>> = {
    VULTR_API_KEY: 'The account. https://my.vultr.com/settings/#settingsapi has its access list.',
    ANNY_API_KEY: "What clients of Anny's own app send; NEW,OLD while it is being changed.",
    ANNY_BACKUP_PASSWORD: 'Encrypts backups, and opens them. Keep a copy elsewhere: WHO LOSES IT LOSES EVERY BACKUP.',
    AWS_ACCESS_KEY_ID: 'For the s3: repository.',
    RESTIC_REST_PASSWORD: 'For the rest: repository.',
  };
  const lines = Object.entries(secrets).flatMap(([name, value]) => [
    ...(said[name] === undefined ? [] : [`# ${said[name]}`]),
    `${name}=${quoted(value)}`,
  ]);
  return ['# Secrets. Never committed, and never baked into an image.', ...lines, ''].join('\n');
}

function quoted(value: string): string {
  if (/^[A-Za-z0-9_.,:/+=@-]*$/.test(value)) return value;
  const quote = ["'", '"', '`'].find((one) => !value.includes(one));
  if (quote !== undefined && !/[\n\r]/.test(value)) return `${quote}${value}${quote}`;
  throw new AnnyError('USAGE', {
    doing: 'writing .env',
    found: 'a secret has several lines, or every kind of quotes, which .env cannot hold',
    next: 'look whether all of it was meant, then run this again; nothing was written',
  });
}
