import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bringUp } from '../cloud/local/up.ts';
import { ROOT } from '../demo/project.ts';
import type { StagePlace } from '../demo/stage.ts';
import { openVisitor, type Visitor } from '../demo/visitor.ts';
import { type Ended, run } from './programs.ts';

const TOKEN = 'a-token-for-the-logbook';

/** examples/logbook as somebody would use it who copied it, on a local cloud. */
export interface Logbook {
  image(...words: readonly string[]): Promise<Ended>;
  bluegreen(...words: readonly string[]): Promise<Ended>;
  visitor(): Promise<Visitor>;
  close(): Promise<void>;
}

export async function openLogbook({ cloud }: StagePlace): Promise<Logbook> {
  const directory = join(ROOT, '.anny', 'logbook');
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await cp(join(ROOT, 'examples', 'logbook'), directory, { recursive: true });
  const up = await bringUp(cloud, directory);
  const secrets = { LOGBOOK_TOKEN: TOKEN };
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(directory, '.env'), lines.join(''), { mode: 0o600 });
  // Its config.yaml is meant for a cloud at the usual place; what differs here comes from the environment.
  const env = {
    ANNY_ENV: 'local',
    ANNY_INFRA_API_URL: up.apiUrl,
    ANNY_INFRA_NAME_SERVERS: up.nameServer,
    ANNY_TLS_ACME_SERVER: up.acme,
    ANNY_BACKUP_REPOSITORY: `${up.repositories}logbook/`,
  };
  return {
    image: (...words) => run(directory, 'anny-image', words, { env }),
    bluegreen: (...words) => run(directory, 'anny-bluegreen', words, { env }),
    visitor: () =>
      openVisitor({ name: `logbook.${up.zone}`, nameServer: up.nameServer, trust: up.trust, apiKey: TOKEN }),
    close: () => rm(directory, { recursive: true, force: true }),
  };
}
