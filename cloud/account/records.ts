import { z } from 'zod';
import type { Clock } from '../../operation/clock.ts';
import type { Cloud } from '../cloud.ts';
import { nothing, recordAnswer } from './answers.ts';
import type { Api } from './call.ts';
import { createOnce } from './create-once.ts';
import { listAll } from './list.ts';

type Records = Pick<Cloud, 'records' | 'createRecord' | 'pointRecord'>;

export function recordsOf(api: Api, clock: Clock): Records {
  const path = (domain: string): string => `/domains/${encodeURIComponent(domain)}/records`;
  const list = (domain: string) => listAll(api, path(domain), 'records', recordAnswer);
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
    pointRecord: async (domain, id, data) => {
      // Data alone: ttl and data in one call are refused (ansible-collection-vultr 04952d6).
      await api.call({
        method: 'PATCH',
        path: `${path(domain)}/${id}`,
        body: { data },
        answer: nothing,
        doing: `pointing record ${id} of ${domain} at ${data}`,
        already: /nothing to change/i,
      });
    },
  };
}
