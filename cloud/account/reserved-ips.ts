import type { Cloud } from '../cloud.ts';
import { nothing, reservedIpAnswer } from './answers.ts';
import type { Api } from './call.ts';
import { listAll } from './list.ts';

type ReservedIps = Pick<Cloud, 'reservedIps' | 'attachReservedIp' | 'detachReservedIp'>;

/** What became of a call whose answer was lost the next look says: that it is so already is no error. */
export function reservedIpsOf(api: Api): ReservedIps {
  return {
    reservedIps: () => listAll(api, '/reserved-ips', 'reserved_ips', reservedIpAnswer),
    attachReservedIp: async (id, instance) => {
      await api.call({
        method: 'POST',
        path: `/reserved-ips/${id}/attach`,
        body: { instance_id: instance },
        answer: nothing,
        doing: `attaching reserved IP ${id} to machine ${instance}`,
        already: /already attached/i,
      });
    },
    detachReservedIp: async (id) => {
      await api.call({
        method: 'POST',
        path: `/reserved-ips/${id}/detach`,
        answer: nothing,
        doing: `detaching reserved IP ${id}`,
        already: /not attached/i,
      });
    },
  };
}
