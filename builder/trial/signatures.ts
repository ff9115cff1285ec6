import { createHmac } from 'node:crypto';
import type { Signatures } from '../papers/signatures.ts';

/** Signatures of somebody in the simulated account: only their own texts pass, and everybody can tell whose they are. */
export function trialSignatures(who: string): Signatures {
  const over = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('hex');
  return {
    sign: async (text) => `${who} ${over(who, text)}`,
    signer: async (text, signature) => {
      const [key = '', sum] = signature.split(' ');
      return sum === over(key, text) ? `SHA256:${key}` : undefined;
    },
  };
}
