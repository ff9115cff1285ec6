import { type ChildProcess, spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import type { HookEvent } from '../config/schema.ts';
import { HOOK_VARIABLES } from './hook-variables.ts';
import type { HookCall, HookResult, Hooks } from './hooks.ts';
import { lines } from './lines.ts';

/** What a program is given to end in good order before it is killed. */
const GRACE_MS = 2_000;
/** What a program leaves running may keep its output open; nobody waits for that. */
const LAST_LINES_MS = 250;
const LINES_KEPT = 15;
const LINES_SHOWN = 500;

export interface HookOptions {
  /** Absolute path of each program, and as the configuration names it. */
  readonly programs: ReadonlyMap<HookEvent, { readonly path: string; readonly named: string }>;
  /** Programs run here: the directory of config.yaml. */
  readonly directory: string;
  readonly timeoutMs: number;
  readonly mask: (text: string) => string;
}

/**
 * Runs the operator's programs as processes with a group of their own: at the time limit, or when they are stopped, all of it
 * is ended. They have the operator's environment and nothing of .env.
 */
export function hookScripts(options: HookOptions): Hooks {
  return {
    pathOf: (event) => options.programs.get(event)?.named,
    run: (call) => runProgram(options, call),
  };
}

async function runProgram(options: HookOptions, call: HookCall): Promise<HookResult> {
  const output = keeper(options, call);
  const child = spawn(options.programs.get(call.event)?.path ?? '', [], {
    cwd: options.directory,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...ownEnvironment(), ...call.variables },
  });
  const splitters = [child.stdout, child.stderr].map((stream) => {
    const splitter = lines(output.add);
    stream.setEncoding('utf8').on('data', splitter.push);
    return splitter;
  });
  const ended = await endOf(child, options, call);
  for (const splitter of splitters) splitter.end();
  for (const stream of [child.stdout, child.stderr]) stream.destroy();
  const last = output.last();
  return {
    ok: ended.how === '',
    stopped: ended.stopped,
    output: `${last}${ended.how === '' ? '' : `\n(${ended.how})`}`.trim(),
  };
}

/** Another hook's variables, when this command was begun by one, are not this one's. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !HOOK_VARIABLES.includes(name)));
}

interface End {
  /** "" when it ended well. */
  readonly how: string;
  readonly stopped: boolean;
}

function endOf(child: ChildProcess, { timeoutMs }: HookOptions, { stop }: HookCall): Promise<End> {
  return new Promise((resolve) => {
    let why: string | undefined;
    let stopped = false;
    let grace: NodeJS.Timeout | undefined;
    const end = (because: string): void => {
      why ??= because;
      killGroup(child, 'SIGTERM');
      grace ??= setTimeout(() => killGroup(child, 'SIGKILL'), GRACE_MS);
    };
    const limit = setTimeout(() => end(`ended: it ran for longer than ${timeoutMs / 1000} s`), timeoutMs);
    const interrupted = (): void => {
      stopped = true;
      end('ended: you stopped it');
    };
    const finish = (how: string): void => {
      clearTimeout(limit);
      clearTimeout(grace);
      stop?.removeEventListener('abort', interrupted);
      resolve({ how: why ?? how, stopped });
    };
    stop?.addEventListener('abort', interrupted, { once: true });
    if (stop?.aborted === true) interrupted();
    child.on('error', (error) => finish(reasonOf(error)));
    child.on('exit', (code, signal) => {
      // What it started in its group does not outlive a limit that it exceeded.
      if (why !== undefined) killGroup(child, 'SIGKILL');
      const how = code === 0 ? '' : (signal ?? `exit ${code}`);
      const drained = setTimeout(() => finish(how), LAST_LINES_MS);
      child.on('close', () => {
        clearTimeout(drained);
        finish(how);
      });
    });
  });
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ESRCH') throw error;
  }
}

function reasonOf(error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  return code === 'ENOENT' ? 'what its first line (#!…) names is not there' : error.message;
}

/** Shows lines as they come, without secrets, and keeps the last ones. */
function keeper({ mask }: HookOptions, { line }: HookCall) {
  const kept: string[] = [];
  let count = 0;
  return {
    add: (text: string): void => {
      const shown = mask(stripVTControlCharacters(text)).trimEnd();
      count += 1;
      if (count <= LINES_SHOWN) line(shown);
      if (count === LINES_SHOWN + 1) line('… more lines follow, which are not shown');
      kept.push(shown);
      if (kept.length > LINES_KEPT) kept.shift();
    },
    last: () => kept.join('\n').trim(),
  };
}
