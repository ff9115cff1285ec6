import type { LoadedSettings } from '../../config/settings.ts';
import { AnnyError } from '../../operation/errors.ts';
import { systemClock } from '../../operation/system-clock.ts';
import type { Cloud } from '../cloud.ts';
import type { Inventory } from '../inventory.ts';
import { openAccount } from './account.ts';
import type { ApiOptions, CallRecord } from './call.ts';
import { openInventory } from './inventory.ts';

/** The account that the settings name. ANNY_TRACE_API=1 tells every call on stderr. */
export function openAccountOf(settings: LoadedSettings, env: NodeJS.ProcessEnv): Cloud {
  return openAccount(apiOptionsOf(settings, env));
}

export function openInventoryOf(settings: LoadedSettings, env: NodeJS.ProcessEnv): Inventory {
  return openInventory(apiOptionsOf(settings, env));
}

export function apiOptionsOf(settings: LoadedSettings, env: NodeJS.ProcessEnv): ApiOptions {
  const apiKey = settings.secret('VULTR_API_KEY');
  if (apiKey === undefined) {
    throw new AnnyError('SECRET_MISSING', {
      doing: 'opening the account',
      found: 'VULTR_API_KEY is not set',
      next: 'put it into .env (see .env.example), or try the local cloud: anny-cloud up, then --env local',
    });
  }
  return {
    apiUrl: settings.config.infra.api_url,
    apiKey,
    clock: systemClock,
    ...(env.ANNY_TRACE_API === '1' ? { onCall: traceCall } : {}),
  };
}

function traceCall({ method, path, status, tookMs, attempt }: CallRecord): void {
  process.stderr.write(`api ${method} ${path} ${status} ${tookMs} ms${attempt > 1 ? `, attempt ${attempt}` : ''}\n`);
}
