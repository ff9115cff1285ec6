import { z } from 'zod';
import type { SshKeyId } from '../cloud.ts';
import { domainAnswer, nothing, regionAnswer } from './answers.ts';
import { type ApiOptions, openApi } from './call.ts';
import { createOnce } from './create-once.ts';
import { listAll } from './list.ts';

export interface Region {
  readonly id: string;
  readonly city: string;
  readonly country: string;
}

/** What a person does to an account once, or when a key changes; no release needs it. */
export interface AccountSetup {
  regions(): Promise<readonly Region[]>;
  domains(): Promise<readonly string[]>;
  /** An empty zone, with the name servers' own records. */
  createDomain(domain: string): Promise<void>;
  /** With all its records. Done also when it is already gone. */
  deleteDomain(domain: string): Promise<void>;
  /** Its name and id stay. */
  replaceSshKey(id: SshKeyId, publicKey: string): Promise<void>;
  /** Done also when it is already gone. */
  deleteSshKey(id: SshKeyId): Promise<void>;
}

export function openAccountSetup(options: ApiOptions): AccountSetup {
  const api = openApi(options);
  const domains = () => listAll(api, '/domains', 'domains', domainAnswer);
  return {
    regions: () => listAll(api, '/regions', 'regions', regionAnswer),
    domains,
    createDomain: async (domain) => {
      await createOnce(options.clock, {
        create: () =>
          api.call({
            method: 'POST',
            path: '/domains',
            body: { domain },
            answer: z.object({ domain: domainAnswer }),
            doing: `adding the domain ${domain} to the account`,
            creates: true,
          }),
        lookUp: async () => ((await domains()).includes(domain) ? { domain } : undefined),
      });
    },
    deleteDomain: async (domain) => {
      const path = `/domains/${encodeURIComponent(domain)}`;
      await api.find({ method: 'DELETE', path, answer: nothing, doing: `deleting the domain ${domain}` });
    },
    replaceSshKey: async (id, publicKey) => {
      await api.call({
        method: 'PATCH',
        path: `/ssh-keys/${id}`,
        body: { ssh_key: publicKey },
        answer: nothing,
        doing: `replacing the SSH key ${id} of the account`,
        already: /nothing to change/i,
      });
    },
    deleteSshKey: async (id) => {
      const path = `/ssh-keys/${id}`;
      await api.find({ method: 'DELETE', path, answer: nothing, doing: `deleting the SSH key ${id} of the account` });
    },
  };
}
