import { readFileSync } from 'node:fs';

/**
 * Addresses whose X-Forwarded-For is believed: this host's, and in a container the gateway's, since that is where a
 * connection to the published port (127.0.0.1 only) comes from.
 */
export function localProxies(): string[] {
  return ['127.0.0.1', '::1', ...gateways()];
}

function gateways(): string[] {
  let table: string;
  try {
    table = readFileSync('/proc/net/route', 'utf8');
  } catch {
    return [];
  }
  return gatewaysIn(table);
}

/** Gateways of the default routes in Linux's /proc/net/route, which has them as little-endian hexadecimal numbers. */
export function gatewaysIn(table: string): string[] {
  return table.split('\n').flatMap((line) => {
    const [, destination, gateway] = line.split('\t');
    if (destination !== '00000000' || gateway === undefined || !/^[0-9A-F]{8}$/.test(gateway)) return [];
    return [Buffer.from(gateway, 'hex').reverse().join('.')];
  });
}
