import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { newDirectory } from './test/directory.ts';
import { runToEnd } from './test/process.ts';

it('says which port is taken, and ends', { timeout: 30_000 }, async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(Object(server.address()).port));
  });
  onTestFinished(() => {
    server.close();
  });
  const { code, output } = await runToEnd(await newDirectory(), { ANNY_PORT: String(port), ANNY_LOG_LEVEL: 'silent' });
  expect(code).toBe(1);
  expect(output).toBe(`Anny does not start. It cannot listen on 127.0.0.1:${port}: EADDRINUSE.\n`);
});
