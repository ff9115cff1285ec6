import { expect, test } from 'vitest';
import { configSchema } from '../../config/schema.ts';
import { pricesOf } from '../prices.ts';
import { declare } from './declared.ts';
import { foundationMonthText } from './monthly.ts';

function textFor(foundation: object): string {
  const config = configSchema.parse({ infra: { foundation }, prices: { reserved_ip: 3.5 } });
  return foundationMonthText(
    declare({ config, environment: 'production' }, { me: 'ssh-ed25519 AAAA' }),
    pricesOf(config),
  );
}

test('a foundation says what it costs a month: what is declared, at the prices of the configuration', () => {
  expect(textFor({})).toBe('as declared it costs nothing a month\n');
  expect(textFor({ reserved_ip: true, vpc: '10.42.0.0/24', object_storage_cluster: 2 })).toBe(
    'as declared it costs $21.50 a month: reserved IP anny-production in ewr $3.50, object storage anny-production $18.00\n',
  );
});
