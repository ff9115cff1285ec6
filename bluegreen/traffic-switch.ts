import type { Context } from './context.ts';
import type { Answering } from './release.ts';
import { recordSwitch } from './switch-record.ts';
import { reservedIpSwitch } from './switch-reserved-ip.ts';

/** What traffic comes by, and how it is moved to another machine (`deploy.switch`). */
export interface TrafficSwitch {
  /** "app.example.com to 192.0.2.1" */
  detail(to: Answering): string;
  /**
   * Moves it, from a machine that relays by now, and reads back that it is moved. Safe to do again. Returns the address that every name server must say then.
   * @throws {AnnyError} DNS_DISAGREES when something else changes it too.
   */
  point(to: Answering, from?: Answering): Promise<string>;
}

export function trafficSwitch(context: Context): TrafficSwitch {
  return context.settings.config.deploy.switch === 'dns' ? recordSwitch(context) : reservedIpSwitch(context);
}
