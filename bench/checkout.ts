import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

/** Another operator's checkout of a project: its config.yaml and .env, and nothing that commands have written down in the first. */
export async function inCheckout<T>(project: string, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'anny-checkout-'));
  try {
    const config = parse(await readFile(join(project, 'config.yaml'), 'utf8'));
    config.app.context = join(project, 'app');
    config.infra.ssh_private_key = join(project, config.infra.ssh_private_key);
    config.deploy.smoke = join(project, config.deploy.smoke);
    config.tls.extra_ca = join(project, config.tls.extra_ca);
    await writeFile(join(directory, 'config.yaml'), stringify(config));
    await writeFile(join(directory, '.env'), await readFile(join(project, '.env'), 'utf8'), { mode: 0o600 });
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
