import { readFile } from 'node:fs/promises';
import { localPath } from './local-path.ts';
import type { Config } from './schema.ts';

/** Secrets that Anny itself knows; those of the app are named in app.secrets. */
const OWN_SECRETS = [
  ...['VULTR_API_KEY', 'ANNY_BACKUP_PASSWORD', 'RESTIC_REST_PASSWORD', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  ...['ALERT_WEBHOOK_URL', 'PULUMI_CONFIG_PASSPHRASE', 'PULUMI_ACCESS_TOKEN'],
];

/** Variables that hold the path of a secret file which Anny itself knows, by the name under which its content is kept. */
export const OWN_SECRET_FILES: Readonly<Record<string, string>> = { 'backup/ssh_key': 'ANNY_BACKUP_SSH_KEY_FILE' };

/** Names of all secrets, each once. */
export function secretNames(appSecrets: readonly string[]): readonly string[] {
  return [...new Set([...OWN_SECRETS, ...appSecrets])];
}

export interface SecretFiles {
  /** Content by file name as in app.secret_files. */
  readonly contents: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** Reads the files that the variables in app.secret_files name. One that is not there is a warning: only a promote needs it. */
export async function readSecretFiles(
  files: Config['app']['secret_files'],
  secret: (name: string) => string | undefined,
  directory: string,
): Promise<SecretFiles> {
  const contents = new Map<string, string>();
  const warnings: string[] = [];
  for (const [name, variable] of Object.entries(files)) {
    const path = secret(variable);
    if (path === undefined) continue;
    try {
      contents.set(name, await readFile(localPath(directory, path), 'utf8'));
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      warnings.push(`${variable} should be the path of ${name}, but that file cannot be read (${reason})`);
    }
  }
  return { contents, warnings };
}
