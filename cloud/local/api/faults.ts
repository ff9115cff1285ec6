import { z } from 'zod';

/** What a test can make the API do. `operation`: "POST /instances", "DELETE /instances/:id", or "*" for every one. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('latency'), operation: z.string(), ms: z.int().min(1).max(120_000) }),
  /** The answer is an error and nothing happened. */
  z.object({ kind: z.literal('error'), operation: z.string(), status: z.int().min(400).max(599), text: z.string() }),
  /** It happened, and the answer is an error. */
  z.object({ kind: z.literal('error-after'), operation: z.string(), status: z.int().min(500).max(599) }),
  /** It happened, and the connection broke. */
  z.object({ kind: z.literal('cut-after'), operation: z.string() }),
  /** The connection broke, and nothing happened. */
  z.object({ kind: z.literal('cut'), operation: z.string() }),
  z.object({ kind: z.literal('rate-limit'), operation: z.string(), retryAfterSeconds: z.int().min(0).max(60) }),
  /** A fresh id answers 404 for a while. */
  z.object({ kind: z.literal('not-found-after-create'), ms: z.int().min(1).max(120_000) }),
  z.object({ kind: z.literal('stuck-snapshot') }),
  z.object({ kind: z.literal('never-boots') }),
]);
export type Fault = z.infer<typeof faultSchema>;

export const plannedFaultSchema = z.object({ fault: faultSchema, times: z.int().min(1).max(1000).default(1) });

type Of<K extends Fault['kind']> = Extract<Fault, { kind: K }>;

export const ANY_OPERATION = '*';

/** Faults that are still to come; each is used up by what it hits. */
export interface Faults {
  /** The API tells what it can do, so that a fault of nothing is refused. */
  addOperation(operation: string): void;
  operations(): readonly string[];
  plan(fault: Fault, times: number): void;
  clear(): void;
  list(): readonly { readonly fault: Fault; readonly times: number }[];
  take<K extends Fault['kind']>(kind: K, operation?: string): Of<K> | undefined;
}

export function openFaults(): Faults {
  const operations = new Set<string>();
  let planned: { fault: Fault; times: number }[] = [];
  const isOf = <K extends Fault['kind']>(fault: Fault, kind: K, operation: string): fault is Of<K> =>
    fault.kind === kind &&
    (!('operation' in fault) || fault.operation === ANY_OPERATION || fault.operation === operation);
  return {
    addOperation: (operation) => void operations.add(operation),
    operations: () => [...operations].sort(),
    plan: (fault, times) => void planned.push({ fault, times }),
    clear: () => {
      planned = [];
    },
    list: () => planned.map((one) => ({ ...one })),
    take: (kind, operation = '') => {
      for (const one of planned) {
        const { fault } = one;
        if (!isOf(fault, kind, operation)) continue;
        one.times -= 1;
        planned = planned.filter(({ times }) => times > 0);
        return fault;
      }
      return undefined;
    },
  };
}
