import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ended, run } from './programs.ts';

/** What a bad setting may do: the app is the same, and every third write ends in an error once it has been asked a few times. */
const BROKEN = `import http from 'node:http';
let asked = 0;
const { emit } = http.Server.prototype;
http.Server.prototype.emit = function (event, request, response) {
  if (event !== 'request' || request.method === 'GET' || ++asked < 20 || asked % 3 > 0) return emit.apply(this, arguments);
  response.writeHead(500).end('broken');
  return true;
};`;

/** A hook that writes down what it was told, beside config.yaml. */
const TELL = '#!/bin/sh\necho "$ANNY_ERROR_CODE $ANNY_EXIT_CODE $ANNY_FROM_RELEASE $ANNY_NAME" > told\n';

/** Promotes an app that is well for its health path alone: the setting comes with the secrets, so no image is baked for it. */
export async function promoteBroken(directory: string): Promise<Ended> {
  const dotenv = join(directory, '.env');
  const own = await readFile(dotenv, 'utf8');
  await writeFile(join(directory, 'tell'), TELL, { mode: 0o755 });
  await writeFile(dotenv, `${own}NODE_OPTIONS="--import=data:text/javascript,${encodeURIComponent(BROKEN)}"\n`);
  try {
    return await run(directory, 'anny-bluegreen', ['promote', '--again', '--yes', '--json'], {
      env: {
        ANNY_APP_SECRETS: 'ANNY_API_KEY,NODE_OPTIONS',
        ANNY_DEPLOY_WATCH: '8s',
        ANNY_DEPLOY_HOOKS: 'on-failure=tell',
      },
    });
  } finally {
    await writeFile(dotenv, own);
  }
}
