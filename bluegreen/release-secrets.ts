import { readFile } from 'node:fs/promises';
import { localPath } from '../config/local-path.ts';
import { AnnyError } from '../operation/errors.ts';
import type { Context } from './context.ts';
import { webhookOf } from './monitor/alert.ts';
import { repositoryFiles, repositoryOf } from './restic/repository.ts';

/** The app's secrets and what else only the operator has, by their path under /opt/anny. */
export async function releaseSecrets(context: Pick<Context, 'settings'>): Promise<Readonly<Record<string, string>>> {
  const { config, secret, secretValues, directory } = context.settings;
  const missing = config.app.secrets.filter((name) => secret(name) === undefined);
  if (missing.length > 0) {
    throw new AnnyError('SECRET_MISSING', {
      doing: 'collecting the secrets of the app',
      found: `${missing.join(', ')} (app.secrets) ${missing.length === 1 ? 'is' : 'are'} not set`,
      next: 'set it in .env or the environment (see .env.example)',
    });
  }
  const broken = config.app.secrets.filter((name) => secret(name)?.includes('\n'));
  if (broken.length > 0) {
    throw new AnnyError('CONFIG_INVALID', {
      doing: 'collecting the secrets of the app',
      found: `${broken.join(', ')} (app.secrets) has several lines, which an environment file cannot hold`,
      next: 'put it in a file and name it in app.secret_files',
    });
  }
  const lines = config.app.secrets.map((name) => `${name}=${secret(name) ?? ''}`);
  const files = Object.keys(config.app.secret_files).flatMap((name): [string, string][] => {
    const content = secretValues().get(name);
    return content === undefined ? [] : [[`secrets/${name}`, content]];
  });
  const repository = repositoryOf(context.settings);
  const webhook = secret('ALERT_WEBHOOK_URL');
  if (webhook !== undefined) webhookOf(webhook);
  const trust =
    config.tls.extra_ca === '' ? undefined : await readFile(localPath(directory, config.tls.extra_ca), 'utf8');
  return {
    '.env': `${lines.join('\n')}\n`,
    ...Object.fromEntries(files),
    ...(webhook === undefined ? {} : { 'alert-webhook': webhook }),
    ...(repository === undefined ? {} : repositoryFiles(repository)),
    ...(trust === undefined ? {} : { 'ca.crt': trust }),
  };
}
