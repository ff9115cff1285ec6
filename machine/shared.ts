import type { Box, BoxTarget, Machines } from './box.ts';

/** Machines of one command: whoever connects to a machine again gets the connection that is open. */
export interface SharedMachines extends Machines {
  /** Ends every connection. */
  close(): Promise<void>;
}

/** Closing a shared box leaves the connection to the others; it ends with the command. */
export function sharedMachines(machines: Machines): SharedMachines {
  const open = new Map<string, Promise<Box>>();
  const connect = (target: BoxTarget): Promise<Box> => {
    const key = `${target.address} ${target.hostKeyFingerprint}`;
    const known = open.get(key);
    if (known !== undefined) return known;
    const opening = machines.connect(target);
    open.set(key, opening);
    // A failed attempt is nobody's connection.
    opening.catch(() => open.delete(key));
    return opening;
  };
  return {
    connect: async (target) => ({ ...(await connect(target)), close: async () => undefined }),
    close: async () => {
      const all = await Promise.allSettled(open.values());
      open.clear();
      await Promise.allSettled(all.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
    },
  };
}
