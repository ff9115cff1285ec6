import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { describe, expect, test } from 'vitest';
import { changesText, watchEngine } from './changes.ts';
import type { Declared } from './declared.ts';

const DECLARED: readonly Declared[] = [
  { kind: 'domain', domain: 'example.com' },
  { kind: 'record', domain: 'example.com', name: '', ttlSeconds: 300 },
];

function step(op: string, type: string, name: string, detailedDiff?: object): EngineEvent {
  const urn = `urn:pulumi:production::anny-foundation::${type}::${name}`;
  const event = {
    sequence: 1,
    timestamp: 1,
    resourcePreEvent: { metadata: { op, urn, type, provider: '', detailedDiff } },
  };
  return JSON.parse(JSON.stringify(event));
}

describe('what the engine does', () => {
  test('is told by names that a person knows, one line a resource', () => {
    const seen = watchEngine(DECLARED);
    for (const event of [
      step('create', 'pulumi:pulumi:Stack', 'anny-foundation-production'),
      step('create', 'pulumi:providers:vultr', 'default'),
      step('refresh', 'vultr:index/dnsDomain:DnsDomain', 'domain'),
      step('same', 'vultr:index/dnsDomain:DnsDomain', 'domain'),
      step('create', 'vultr:index/dnsRecord:DnsRecord', 'record'),
      step('create-replacement', 'vultr:index/vpc:Vpc', 'vpc', { v4Subnet: { diffKind: 'update-replace' } }),
      step('replace', 'vultr:index/vpc:Vpc', 'vpc', { v4Subnet: { diffKind: 'update-replace' } }),
      step('delete-replaced', 'vultr:index/vpc:Vpc', 'vpc'),
      step('delete', 'vultr:index/sSHKey:SSHKey', 'ssh-key-old'),
    ]) {
      seen.onEvent(event);
    }
    expect(changesText(seen.changes)).toBe(
      '+ create   A record example.com\n± replace  vpc: v4Subnet\n- delete   ssh-key-old\n',
    );
  });

  test('is said when it is nothing', () => {
    expect(changesText([])).toBe('everything is as declared\n');
  });

  test('is kept when it goes wrong, without the marks for colours', () => {
    const seen = watchEngine(DECLARED);
    const message = '<{%reset%}>invalid domain<{%reset%}>\n';
    const diagnostic = { message, color: 'raw', severity: 'error' as const };
    seen.onEvent({ sequence: 1, timestamp: 1, diagnosticEvent: diagnostic });
    seen.onEvent({ sequence: 2, timestamp: 1, diagnosticEvent: { ...diagnostic, severity: 'warning' } });
    expect(seen.problems).toEqual(['invalid domain']);
  });
});
