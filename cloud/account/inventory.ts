import { z } from 'zod';
import { hasCode } from '../../operation/errors.ts';
import type { Inventory, ObjectStorage } from '../inventory.ts';
import { type ApiOptions, openApi } from './call.ts';
import { listAll } from './list.ts';

const objectStorageAnswer = z
  .object({ id: z.string(), region: z.string(), label: z.string().nullish(), s3_hostname: z.string().nullish() })
  .transform(
    ({ id, region, label, s3_hostname }): ObjectStorage => ({
      id,
      region,
      label: label ?? '',
      host: s3_hostname ?? '',
    }),
  );

const availabilityAnswer = z.object({ available_plans: z.array(z.string()) });
const zoneAnswer = z.object({ domain: z.object({ domain: z.string() }) });

export function openInventory(options: ApiOptions): Inventory {
  const api = openApi(options);
  return {
    objectStorages: () =>
      listAll(api, '/object-storage', 'object_storages', objectStorageAnswer).catch((error: unknown) => {
        if (hasCode(error, 'API_UNAUTHORIZED')) return undefined;
        throw error;
      }),
    availablePlans: async (region) => {
      const path = `/regions/${encodeURIComponent(region)}/availability`;
      const doing = `asking what ${region} has`;
      return (await api.find({ method: 'GET', path, answer: availabilityAnswer, doing }))?.available_plans;
    },
    hasZone: async (domain) => {
      const path = `/domains/${encodeURIComponent(domain)}`;
      return (
        (await api.find({ method: 'GET', path, answer: zoneAnswer, doing: `reading zone ${domain}` })) !== undefined
      );
    },
  };
}
