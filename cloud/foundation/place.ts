import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Settings } from '../../config/settings.ts';
import { AnnyError } from '../../operation/errors.ts';

/** The only API that the provider speaks to. */
const VULTR_API = 'https://api.vultr.com/v2';

/** Where the state of one environment's foundation lies, and what the engine needs to get at it. */
export interface Place {
  readonly project: string;
  readonly stack: string;
  readonly backend: string;
  /** Directory of the state on this computer; undefined where another backend keeps it. */
  readonly directory: string | undefined;
  /** For the engine and its provider. Secrets travel here alone: no configuration of the stack holds one. */
  readonly variables: Readonly<Record<string, string>>;
}

/** @throws {AnnyError} CONFIG_INVALID or SECRET_MISSING, before anything is touched. */
export function placeOf({ config, environment, directory: here, secret }: Settings): Place {
  refuseOtherClouds(config.infra.api_url, environment);
  const { backend } = config.infra.foundation;
  const directory = backend === '' ? join(here, '.anny', 'foundation') : undefined;
  const url = directory === undefined ? backend : pathToFileURL(directory).href;
  return {
    project: `${config.infra.vultr_label}-foundation`,
    stack: environment,
    backend: url,
    directory,
    variables: {
      PULUMI_BACKEND_URL: url,
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      VULTR_API_KEY: required(secret, 'VULTR_API_KEY', 'put it into .env (see .env.example)'),
      ...secretsOfState(secret, url),
    },
  };
}

function refuseOtherClouds(apiUrl: string, environment: string): void {
  if (apiUrl.replace(/\/+$/, '') === VULTR_API) return;
  throw new AnnyError('CONFIG_INVALID', {
    doing: `opening the foundation of ${environment}`,
    found: `infra.api_url is ${apiUrl}, and Pulumi's provider knows ${VULTR_API} alone`,
    next: 'choose an environment at Vultr with --env; the local cloud has a key and a domain from the start',
  });
}

/** Pulumi Cloud has keys of its own; every other backend keeps what is secret under a passphrase. */
function secretsOfState(secret: Settings['secret'], url: string): Record<string, string> {
  const token = secret('PULUMI_ACCESS_TOKEN');
  const passphrase = secret('PULUMI_CONFIG_PASSPHRASE');
  if (/^https?:/.test(url)) {
    return {
      ...(token === undefined ? {} : { PULUMI_ACCESS_TOKEN: token }),
      ...(passphrase === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: passphrase }),
    };
  }
  const how = 'openssl rand -base64 32 makes one: put it into .env, and keep a copy elsewhere';
  return { PULUMI_CONFIG_PASSPHRASE: required(secret, 'PULUMI_CONFIG_PASSPHRASE', how) };
}

function required(secret: Settings['secret'], name: string, next: string): string {
  const value = secret(name);
  if (value !== undefined) return value;
  throw new AnnyError('SECRET_MISSING', { doing: 'opening the foundation', found: `${name} is not set`, next });
}

/** For `pulumi` itself, where a person has to: "PULUMI_BACKEND_URL=… pulumi cancel --stack …". */
export function pulumiLine({ backend, project, stack }: Place, words: string): string {
  const name = /^https?:/.test(backend) ? `${project}/${stack}` : `organization/${project}/${stack}`;
  return `PULUMI_BACKEND_URL=${backend} pulumi ${words} --stack ${name}`;
}
