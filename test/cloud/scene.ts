import { setImmediate } from 'node:timers/promises';
import { test } from 'vitest';
import { type HandClock, handClock } from './clocks.ts';
import { type LocalApi, openLocalApi } from './local-api.ts';
import { until } from './until.ts';

/** Time that a call takes: few enough in a second that no rate limit is met. */
const CALL_MS = 40;

/** A test with an API of its own, whose time stands still but for the calls themselves. */
export const apiTest = test
  .extend('clock', () => handClock())
  .extend('api', async ({ clock }, { onCleanup }) => {
    const prepare: NonNullable<Parameters<typeof openLocalApi>[0]['prepare']> = (server) =>
      server.addHook('onRequest', async () => clock.pass(CALL_MS));
    const api = await openLocalApi({ clock, prepare });
    onCleanup(() => closeWith(clock, api));
    return api;
  });

/** Closing waits for machines that are under way, and they for time to pass. */
export async function closeWith(clock: HandClock, api: LocalApi): Promise<void> {
  let closed = false;
  api.hypervisor.gate.open();
  const closing = api.close().finally(() => {
    closed = true;
  });
  while (!closed) {
    clock.pass(1_000);
    await setImmediate();
  }
  await closing;
}

export const MACHINE = { region: 'ewr', plan: 'vc2-1c-1gb', os_id: 2284, label: 'app', hostname: 'app' };

/** Its id, once it is active. */
export async function makeMachine({ ask }: LocalApi, wishes: object = {}): Promise<string> {
  const id = (await ask('POST', '/instances', { ...MACHINE, ...wishes })).text('instance.id');
  await until(async () => (await ask('GET', `/instances/${id}`)).at('instance.status') === 'active');
  return id;
}

/** Its id, once it is complete. */
export async function makeSnapshot({ ask }: LocalApi, instance: string, description = ''): Promise<string> {
  const id = (await ask('POST', '/snapshots', { instance_id: instance, description })).text('snapshot.id');
  await until(async () => (await ask('GET', `/snapshots/${id}`)).at('snapshot.status') === 'complete');
  return id;
}
