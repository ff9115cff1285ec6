import { z } from 'zod';
import type { Clock } from '../../operation/clock.ts';
import type { Cloud, RecordId } from '../cloud.ts';
import { nothing, recordAnswer } from './answers.ts';
import type { Api } from './call.ts';
import { createOnce } from './create-once.ts';
import { listAll } from './list.ts';

type Records = Pick<Cloud, 'records' | 'createRecord' | 'pointRecord' | 'setRecordTtl'>;

export function recordsOf(api: Api, clock: Clock): Records {
  const path = (domain: string): string => `/domains/${encodeURIComponent(domain)}/records`;
  const list = (domain: string) => listAll(api, path(domain), 'records', recordAnswer);
  const change = async (domain: string, id: RecordId, body: object, doing: string): Promise<void> => {
    const already = /nothing to change/i;
    await api.call({ method: 'PATCH', path: `${path(domain)}/${id}`, body, answer: nothing, doing, already });
  };
  return {
    records: list,
    createRecord: async (domain, { type, name, data, ttlSeconds }) => {
      const record = await createOnce(clock, {
        create: async () =>
          (
            await api.call({
              method: 'POST',
              path: path(domain),
              body: { type, name, data, ttl: ttlSeconds },
              answer: z.object({ record: recordAnswer }),
              doing: `creating the ${type} record ${name === '' ? domain : `${name}.${domain}`}`,
              creates: true,
            })
          ).record,
        lookUp: async () =>
          (await list(domain)).find((one) => one.type === type && one.name === name && one.data === data),
      });
      return record.id;
    },
    // Data or ttl, one in a call: both together are refused (ansible-collection-vultr 04952d6).
    pointRecord: (domain, id, data) => change(domain, id, { data }, `pointing record ${id} of ${domain} at ${data}`),
    setRecordTtl: (domain, id, ttl) =>
      change(domain, id, { ttl }, `giving record ${id} of ${domain} a TTL of ${ttl} s`),
  };
}
