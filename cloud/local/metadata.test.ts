import { expect, test } from 'vitest';
import { metadataOf } from './metadata.ts';
import { reservedAddresses } from './reserved-routes.ts';

test('a machine is told which addresses lead to it, and no other is', () => {
  const instances = [{ id: 'a', hostname: 'blue', region: 'ewr', main_ip: '10.77.0.10' }];
  const told = (instance_id: string, address = '10.77.0.10') =>
    metadataOf({ instances, reservedIps: [{ subnet: '10.77.128.1', instance_id }] }, address);
  const additional = (instance_id: string) => told(instance_id)?.interfaces[0]?.ipv4.additional;
  expect(additional('a')).toEqual([{ address: '10.77.128.1', netmask: '255.255.255.255' }]);
  expect(additional('b')).toEqual([]);
  expect(additional('')).toEqual([]);
  expect(told('a', '10.77.0.99')).toBeUndefined();
});

test('reserved addresses lie beside the machines, so that these ask the gateway for them', () => {
  expect(reservedAddresses({ subnet: '10.77.0.0/24' })[0]).toBe('10.77.128.1');
  expect(reservedAddresses({ subnet: '192.168.200.0/24' })[3]).toBe('192.168.72.4');
});
