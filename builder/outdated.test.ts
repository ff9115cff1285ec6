import { expect, test } from 'vitest';
import { readUpgradable } from './outdated.ts';

test('newer packages are read as apt lists them, security updates first', () => {
  const output = `Listing...
base-files/stable 12.4+deb12u12 amd64 [upgradable from: 12.4+deb12u5]
openssl/stable-security,now 3.0.17-1~deb12u2 amd64 [upgradable from: 3.0.11-1~deb12u2]
`;
  expect(readUpgradable(output)).toEqual([
    {
      ...{ name: 'openssl', from: '3.0.11-1~deb12u2', to: '3.0.17-1~deb12u2' },
      ...{ suites: ['stable-security'], security: true },
    },
    { name: 'base-files', from: '12.4+deb12u5', to: '12.4+deb12u12', suites: ['stable'], security: false },
  ]);
  expect(readUpgradable('Listing...\n')).toEqual([]);
});
