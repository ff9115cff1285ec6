import type { Origin } from './origins.ts';
import type { Config } from './schema.ts';

/** Everything a command knows before it touches anything: config.yaml with its overlay, and how to reach the secrets. */
export interface Settings {
  /** "production", "local", … */
  readonly environment: string;
  readonly config: Config;
  /** Directory of config.yaml; relative paths in it start here (see localPath). */
  readonly directory: string;
  /** infra.subdomain and infra.parent_domain as one name: "anny.membies.com". */
  readonly publicName: string;
  /** A secret by the name of its variable, from the environment or .env; undefined when it is not set or empty. */
  readonly secret: (name: string) => string | undefined;
  /**
   * Every secret value known here, for masking and for the search in images: secrets by the name of their variable,
   * contents of secret files by their file name in app.secret_files ("service-account.json").
   */
  readonly secretValues: () => ReadonlyMap<string, string>;
}

/** Settings as loadSettings found them, with what only commands for people need. */
export interface LoadedSettings extends Settings {
  /** Path of config.yaml; undefined when there is none and the defaults hold. */
  readonly file: string | undefined;
  /** Worth a line on the screen, nothing more: an open .env, a secret file that is not there. */
  readonly warnings: readonly string[];
  /** Each key with its effective value and where that came from, in the order of the schema. */
  readonly origins: readonly Origin[];
  readonly secretOrigins: readonly SecretOrigin[];
  /** Replaces every secret value in a text by `***`. */
  readonly mask: (text: string) => string;
}

export interface SecretOrigin {
  /** "VULTR_API_KEY", or the file name of a secret file. */
  readonly name: string;
  readonly set: boolean;
  /** "environment VULTR_API_KEY", ".env line 3"; "" when it is not set. */
  readonly origin: string;
}

/** "app.context (config.yaml:12)": a key, and where its value comes from as far as that is known. */
export function keyAndOrigin(settings: Settings & Partial<Pick<LoadedSettings, 'origins'>>, key: string): string {
  const origin = settings.origins?.find((one) => one.key === key)?.origin;
  return origin === undefined ? key : `${key} (${origin})`;
}
