import { expect, it } from 'vitest';
import { gatewaysIn, localProxies } from './local-proxy.ts';

const TABLE = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
`;

it('finds the gateway through which the host reaches a container', () => {
  expect(gatewaysIn(TABLE)).toEqual(['172.18.0.1']);
  expect(gatewaysIn('')).toEqual([]);
});

it('always trusts this host itself', () => {
  expect(localProxies()).toEqual(expect.arrayContaining(['127.0.0.1', '::1']));
});
