import { accountChecks } from './account-checks.ts';
import { backupChecks } from './backup-checks.ts';
import { type Check, lookAtAll, type Result } from './check.ts';
import type { Ground } from './ground.ts';
import { hereChecks } from './here-checks.ts';
import { imageCheck } from './image-check.ts';
import { issuerCheck } from './issuer-check.ts';
import { keyChecks } from './key-check.ts';
import { zoneChecks } from './zone-checks.ts';

const CHECK_LIMIT_MS = 20_000;

/** All that a bake and a promote rely on, in the order in which it is set up. */
export function checksOf(ground: Ground): readonly Check[] {
  return [
    ...accountChecks(ground),
    imageCheck(ground),
    ...keyChecks(ground),
    ...zoneChecks(ground),
    issuerCheck(ground),
    ...backupChecks(ground),
    ...hereChecks(ground),
  ];
}

/** `--json` prints it as it is. */
export function preflight(ground: Ground, limitMs = CHECK_LIMIT_MS): Promise<readonly Result[]> {
  return lookAtAll(checksOf(ground), limitMs);
}
