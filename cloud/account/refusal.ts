import { AnnyError } from '../../operation/errors.ts';

interface Refused {
  readonly method: string;
  readonly path: string;
  readonly doing: string;
}

/** The API's own words, the call that they answer, and what to do. */
export function refusal(call: Refused, status: number, text: string): AnnyError {
  const said = `${wordsOf(text)} (${call.method} ${call.path}, HTTP ${status})`;
  if (status === 401 || status === 403) {
    return new AnnyError('API_UNAUTHORIZED', { doing: call.doing, found: said, next: unauthorized(text) });
  }
  return new AnnyError('API_REFUSED', { doing: call.doing, found: said, next: hint(status, text) });
}

function unauthorized(text: string): string {
  if (/unauthorized ip/i.test(text)) {
    return "add this computer's address (IPv4 and IPv6) to the key's access list: https://my.vultr.com/settings/#settingsapi";
  }
  return "check VULTR_API_KEY in .env, and the key's access list of addresses: https://my.vultr.com/settings/#settingsapi";
}

function hint(status: number, text: string): string {
  if (status === 429) return 'another program uses the same key or address: wait a minute, then run this again';
  if (status >= 500) return 'the API has a problem of its own: run the same command again in a minute';
  if (/\bplan\b/i.test(text))
    return 'choose another infra.vultr_plan, or a region that has it (infra.vultr_region), in config.yaml';
  if (/region|location/i.test(text)) return 'choose another infra.vultr_region in config.yaml';
  if (/domain/i.test(text)) return 'check infra.parent_domain in config.yaml: the zone must be in this account';
  if (/limit|quota|maximum/i.test(text))
    return "an account's limit: delete what is not needed, or ask Vultr to raise it";
  return 'anny-bluegreen status shows what is there';
}

function wordsOf(text: string): string {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null) {
      if ('error' in json && typeof json.error === 'string') return json.error;
      if ('message' in json && typeof json.message === 'string') return json.message;
    }
  } catch {
    // Not JSON: the text as it is.
  }
  return text.trim().slice(0, 300) || 'no reason given';
}
