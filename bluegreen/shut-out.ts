import { wouldLoseWrites } from './fence.ts';
import type { Silent } from './release.ts';

export const USE_ITS_KEY = 'use a key that it knows (infra.ssh_private_key), or let another operator run ssh-keys push';

/** Whoever has the wrong key must not take a machine that serves for a dead one. */
export function refuseShutOut(doing: string, silent: readonly Silent[]): void {
  const shut = silent.find(({ keyRefused }) => keyRefused);
  if (shut === undefined) return;
  throw wouldLoseWrites(
    doing,
    `${shut.tags.release} at ${shut.address} runs, and ${shut.problem}; what it has written since the last backup would be lost`,
    `${USE_ITS_KEY}; when nobody has one any more: restore --lose-writes`,
  );
}
