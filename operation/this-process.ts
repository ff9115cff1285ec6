import { readFile, readlink } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import type { Here } from './here.ts';
import { startTime } from './recorded-process.ts';

/** This process on a Linux system; where /proc is missing nobody is ever called gone. */
export async function thisProcess(): Promise<Here> {
  const [boot, space] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  const home = boot === '' || space === '' ? '' : `${boot.trim()} ${space}`;
  return {
    user: userName(),
    host: hostname(),
    process: { pid: process.pid, startedAt: await startTime(process.pid), home },
    isGone: async (mark) => {
      if (home === '' || mark.home !== home || mark.startedAt === '') return false;
      return (await startTime(mark.pid)) !== mark.startedAt;
    },
  };
}

/** A user without an entry in the system's list has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}
