import { request } from 'undici';
import { AnnyError } from '../../operation/errors.ts';

const TIMEOUT_MS = 10_000;

/** Tells a webhook. @throws {AnnyError} when it does not take it; its address, which is a secret, is in no message. */
export type Tell = (text: string) => Promise<void>;

/** Slack reads "text", Discord "content" (and "text" at its /slack addresses); who else it may be gets both. */
export function alertBody(url: URL, text: string): Readonly<Record<string, string>> {
  const { hostname, pathname } = url;
  const isAt = (domain: string): boolean => hostname === domain || hostname.endsWith(`.${domain}`);
  if (pathname.endsWith('/slack') || isAt('slack.com')) return { text };
  if (isAt('discord.com') || isAt('discordapp.com')) return { content: text };
  return { text, content: text };
}

/** @throws {AnnyError} when ALERT_WEBHOOK_URL is set and no address. */
export function webhookOf(address: string): URL {
  const url = URL.parse(address);
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new AnnyError('CONFIG_INVALID', {
    doing: 'reading ALERT_WEBHOOK_URL',
    found: 'it is no address of a webhook',
    next: 'set it in .env to what Slack or Discord show, https://…, or leave it empty',
  });
}

export function tellWebhook(url: URL): Tell {
  return async (text) => {
    const answered = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alertBody(url, text)),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer in time';
      throw notTaken(url, code);
    });
    await answered.body.dump();
    if (answered.statusCode >= 300) throw notTaken(url, `HTTP ${answered.statusCode}`);
  };
}

function notTaken({ hostname }: URL, found: string): AnnyError {
  return new AnnyError('API_UNREACHABLE', {
    doing: `telling the webhook at ${hostname}`,
    found,
    next: 'check ALERT_WEBHOOK_URL in .env; it is told again at the next look',
  });
}
