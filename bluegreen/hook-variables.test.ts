import { describe, expect, test } from 'vitest';
import { answering } from '../test/simulation/example-releases.ts';
import { HOOK_VARIABLES, hookVariables } from './hook-variables.ts';

const settings = { environment: 'production', publicName: 'app.example.com' };
const operation = { id: 'op1', command: 'promote' };

describe('what a hook is told', () => {
  test('is what is known by then, and the message where one was given', () => {
    const facts = { release: answering(2, 'writer'), from: answering(1, 'relay') };
    expect(hookVariables({ settings, operation, lock: { reason: 'a new header' } }, 'post-switch', facts)).toEqual({
      ...{ ANNY_HOOK: 'post-switch', ANNY_COMMAND: 'promote', ANNY_OPERATION: 'op1', ANNY_ENV: 'production' },
      ...{ ANNY_NAME: 'app.example.com', ANNY_MESSAGE: 'a new header' },
      ...{ ANNY_RELEASE: 'green-2', ANNY_ADDRESS: '10.0.0.2', ANNY_SLOT: 'green', ANNY_IMAGE: 'b'.repeat(12) },
      ...{ ANNY_FROM_RELEASE: 'blue-1', ANNY_FROM_ADDRESS: '10.0.0.1', ANNY_FROM_IMAGE: 'b'.repeat(12) },
    });
    expect(hookVariables({ settings, operation, lock: { reason: '' } }, 'pre-promote', {})).not.toHaveProperty(
      'ANNY_MESSAGE',
    );
  });

  test('has no variable that an outer hook could pass on by mistake', () => {
    const told = hookVariables({ settings, operation, lock: { reason: 'why' } }, 'on-failure', {});
    expect(Object.keys(told).filter((name) => !HOOK_VARIABLES.includes(name))).toEqual([]);
  });
});
