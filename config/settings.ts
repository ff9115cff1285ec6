import type { Config } from './schema.ts';

/** Everything a command knows before it touches anything: config.yaml with its overlay, and how to reach the secrets. */
export interface Settings {
  /** "production", "local", … */
  readonly environment: string;
  readonly config: Config;
  /** Directory of config.yaml; relative paths in it start here. */
  readonly directory: string;
  /** infra.subdomain and infra.parent_domain as one name: "anny.membies.com". */
  readonly publicName: string;
  /** A secret by the name of its variable, from the environment or .env; undefined when it is not set. */
  readonly secret: (name: string) => string | undefined;
  /** Every secret value known here, for masking and for the search in images. */
  readonly secretValues: () => ReadonlyMap<string, string>;
}
