import { AnnyError } from '../../operation/errors.ts';

const FIRST_HOST = 10;
const LAST_HOST = 250;

/** Addresses of a /24 for machines; one that was just given stays taken until the engine knows it. */
export function addressPool(subnet: string) {
  const prefix = subnet.replace(/\.0\/24$/, '');
  const pending = new Set<string>();
  let last = FIRST_HOST - 1;
  return {
    /** The next one that is free, going round, so that an address is not soon reused by another machine. */
    take(used: Iterable<{ readonly address: string }>): string {
      const taken = new Set([...used].map(({ address }) => address));
      for (let step = 1; step <= LAST_HOST - FIRST_HOST + 1; step += 1) {
        const host = FIRST_HOST + ((last - FIRST_HOST + step) % (LAST_HOST - FIRST_HOST + 1));
        const address = `${prefix}.${host}`;
        if (taken.has(address) || pending.has(address)) continue;
        pending.add(address);
        last = host;
        return address;
      }
      throw new AnnyError('NO_SPACE', {
        doing: 'giving the machine an address',
        found: `every address of ${subnet} is taken`,
        next: 'destroy machines that are not needed: anny-cloud status lists them',
      });
    },
    settle(address: string): void {
      pending.delete(address);
    },
  };
}
