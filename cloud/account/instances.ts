import { z } from 'zod';
import type { Clock } from '../../operation/clock.ts';
import { AnnyError } from '../../operation/errors.ts';
import type { Cloud, Instance, InstanceId, NewInstance } from '../cloud.ts';
import { instanceAnswer, nothing } from './answers.ts';
import type { Api, Call } from './call.ts';
import { createOnce } from './create-once.ts';
import { listAll } from './list.ts';

type Instances = Pick<
  Cloud,
  'instances' | 'instance' | 'createInstance' | 'tagInstance' | 'clearUserData' | 'halt' | 'start' | 'destroyInstance'
>;

const DESTROY_ATTEMPTS = 12;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 10_000;

const one = z.object({ instance: instanceAnswer });
/** The API keeps the last user data when it is given none; this one says nothing and holds nothing. */
const EMPTY_USER_DATA = Buffer.from('#cloud-config\n{}\n').toString('base64');

export function instancesOf(api: Api, clock: Clock): Instances {
  const act = async (id: InstanceId, verb: string, doing: string): Promise<void> => {
    await api.call({ method: 'POST', path: `/instances/${id}/${verb}`, answer: nothing, doing });
  };
  const change = async (id: InstanceId, body: object, doing: string): Promise<void> => {
    await api.call({ method: 'PATCH', path: `/instances/${id}`, body, answer: nothing, doing });
  };
  const list = () => listInstances(api);
  return {
    instances: list,
    instance: async (id) =>
      (await api.find({ method: 'GET', path: `/instances/${id}`, answer: one, doing: `reading machine ${id}` }))
        ?.instance,
    createInstance: (request) =>
      createOnce(clock, {
        create: async () => (await api.call(createCall(request))).instance,
        lookUp: async () => (await list()).find((instance) => isMadeBy(instance, request)),
      }),
    tagInstance: (id, tags) => change(id, { tags }, `tagging machine ${id}`),
    clearUserData: (id) => change(id, { user_data: EMPTY_USER_DATA }, `clearing the user data of machine ${id}`),
    halt: (id) => act(id, 'halt', `powering machine ${id} off`),
    start: (id) => act(id, 'start', `starting machine ${id}`),
    destroyInstance: (id) => destroyInstance(api, clock, id),
  };
}

function listInstances(api: Api): Promise<readonly Instance[]> {
  return listAll(api, '/instances', 'instances', instanceAnswer);
}

function destroyInstance(api: Api, clock: Clock, id: InstanceId): Promise<void> {
  const doing = `destroying machine ${id}`;
  return destroyUntilGone(clock, id, {
    destroy: async () =>
      (await api.find({ method: 'DELETE', path: `/instances/${id}`, answer: nothing, doing })) !== undefined,
    isListed: async () => (await listInstances(api)).some((one) => one.id === id),
  });
}

/** A fresh id can be unknown for a while (vultr/terraform-provider-vultr#462): only what no list has either is gone. */
export async function destroyUntilGone(
  clock: Clock,
  id: InstanceId,
  api: { readonly destroy: () => Promise<boolean>; readonly isListed: () => Promise<boolean> },
): Promise<void> {
  const doing = `destroying machine ${id}`;
  for (let attempt = 1; attempt <= DESTROY_ATTEMPTS; attempt += 1) {
    if ((await api.destroy()) || !(await api.isListed())) return;
    await clock.sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
  }
  throw new AnnyError('API_UNEXPECTED', {
    doing,
    found: `DELETE /instances/${id} answers 404, and GET /instances lists it`,
    next: 'run the same command again in a minute',
  });
}

/** An operation may make several machines: the label tells them apart. */
function isMadeBy(instance: Instance, request: NewInstance): boolean {
  return instance.tags.includes(request.uniqueTag) && instance.label === request.label;
}

function createCall(request: NewInstance): Call<z.infer<typeof one>> {
  return {
    method: 'POST',
    path: '/instances',
    body: {
      region: request.region,
      plan: request.plan,
      ...('osId' in request.from ? { os_id: request.from.osId } : { snapshot_id: request.from.snapshotId }),
      label: request.label,
      hostname: request.hostname,
      tags: request.tags,
      sshkey_id: request.sshKeyIds,
      user_data: Buffer.from(request.userData).toString('base64'),
      activation_email: false,
      backups: 'disabled',
      ...(request.firewallGroupId === undefined ? {} : { firewall_group_id: request.firewallGroupId }),
    },
    answer: one,
    doing: `creating machine ${request.label}`,
    creates: true,
  };
}
