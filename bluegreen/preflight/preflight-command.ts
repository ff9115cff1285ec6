import { lookup } from 'node:dns/promises';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { openAccount } from '../../cloud/account/account.ts';
import type { ApiOptions } from '../../cloud/account/call.ts';
import { type FirstLook, firstLook } from '../../cloud/account/first-look.ts';
import { openInventory } from '../../cloud/account/inventory.ts';
import { apiOptionsOf } from '../../cloud/account/open.ts';
import type { LoadedSettings } from '../../config/settings.ts';
import { answer, settingsOf } from '../../operation/command-line.ts';
import { AnnyError } from '../../operation/errors.ts';
import { silentReport } from '../../operation/silent-report.ts';
import { systemClock } from '../../operation/system-clock.ts';
import { screenColumns } from '../../operation/wrap.ts';
import { accountVouching } from '../account-vouching.ts';
import { observe } from '../observe.ts';
import { withSettings } from '../open-context.ts';
import { resticBackups } from '../restic/restic-backups.ts';
import { isClear } from './check.ts';
import { serversOf } from './delegation.ts';
import type { Ground } from './ground.ts';
import { preflight } from './preflight.ts';
import { preflightText } from './preflight-text.ts';

const CALL_TIMEOUT_MS = 8_000;
const LIST_LIMIT_MS = 15_000;

/** `doctor --preflight`: exit 1 when a promote would be blocked, or nobody can tell. */
export async function showPreflight(command: Command): Promise<void> {
  const settings = await settingsOf(command);
  const checks = await preflight(groundOf(command, settings));
  answer(command, { clear: isClear(checks), checks }, preflightText(checks, screenColumns()));
  if (!isClear(checks)) process.exitCode = 1;
}

function groundOf(command: Command, settings: LoadedSettings): Ground {
  const { name_servers: configured } = settings.config.infra;
  const { options, first } = openedFirst(settings);
  const cloud = openAccount(options);
  return {
    ...{ settings, clock: systemClock, first, backups: resticBackups(settings, { listLimitMs: LIST_LIMIT_MS }) },
    ...{ cloud, inventory: openInventory(options), vouching: accountVouching(cloud, settings) },
    serversOf: (domain) => serversOf(domain, configured),
    observed: (look) =>
      withSettings(command, settings, silentReport, async (context) => {
        const world = await observe(context);
        try {
          return look(world);
        } finally {
          await world.close();
        }
      }),
    hasProgram: isOnPath,
    addressesOf: (host) =>
      lookup(host, { all: true }).then(
        (all) => all.map(({ address }) => address),
        () => [],
      ),
  };
}

/** A key that is not set is a finding like others; with none nothing is asked. */
function openedFirst(settings: LoadedSettings): { readonly options: ApiOptions; readonly first: Promise<FirstLook> } {
  // What is still waiting when all is told keeps nobody waiting.
  const clock = { ...systemClock, sleep: async (ms: number) => void (await sleep(ms, undefined, { ref: false })) };
  try {
    const options = { ...apiOptionsOf(settings, process.env), clock, timeoutMs: CALL_TIMEOUT_MS };
    return { options, first: firstLook(options) };
  } catch (problem) {
    if (!(problem instanceof AnnyError)) throw problem;
    const options = { apiUrl: settings.config.infra.api_url, apiKey: '', clock };
    return { options, first: Promise.resolve({ holder: undefined, problem, aheadMs: undefined }) };
  }
}

async function isOnPath(name: string): Promise<boolean> {
  const directories = (process.env.PATH ?? '').split(delimiter).filter((one) => one !== '');
  const found = await Promise.all(
    directories.map((one) =>
      access(join(one, name), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
