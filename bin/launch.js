import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REQUIRED_MAJOR = 24;

/** The Node binary that the `node` package brings, where it is installed. */
function bundledNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const binary = fileURLToPath(new URL('bin/node', `file://${manifest}`));
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

/** Runs a program of this package: its source in a checkout, its build in an installed package. */
export async function launch(program) {
  const source = new URL(`../${program}.ts`, import.meta.url);
  const entry = existsSync(source) ? source : new URL(`../dist/${program}.js`, import.meta.url);
  if (Number(process.versions.node.split('.')[0]) >= REQUIRED_MAJOR) {
    // Half of the time that a short command takes. In the user's own directory: what lies in it is run.
    nodeModule.enableCompileCache?.(join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'anny'));
    await import(entry.href);
    return;
  }
  const node = bundledNode();
  if (node === undefined) {
    console.error(
      `Anny needs Node ${REQUIRED_MAJOR}, this is ${process.version}. Install it beside this package: npm install node@${REQUIRED_MAJOR}`,
    );
    process.exit(3);
  }
  const child = spawn(node, [fileURLToPath(entry), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
}
