/** The app's data: which of the writes, numbered as clients send them, are in it. One bit each, since machines copy it all the time. */
export interface Writes {
  words: Uint32Array;
  count: number;
  /** Changes with every write: what a manifest's digest is made of. */
  sum: number;
}

const FIRST_WORDS = 64;

export function noWrites(): Writes {
  return { words: new Uint32Array(FIRST_WORDS), count: 0, sum: 0 };
}

export function copyOf({ words, count, sum }: Writes): Writes {
  return { words: words.slice(), count, sum };
}

export function has({ words }: Writes, write: number): boolean {
  return ((words[write >>> 5] ?? 0) & (1 << (write & 31))) !== 0;
}

export function add(writes: Writes, write: number): void {
  if (has(writes, write)) return;
  const index = write >>> 5;
  if (index >= writes.words.length) {
    const grown = new Uint32Array(2 * index);
    grown.set(writes.words);
    writes.words = grown;
  }
  writes.words[index] = (writes.words[index] ?? 0) | (1 << (write & 31));
  writes.count += 1;
  writes.sum = (writes.sum + weight(write)) >>> 0;
}

export function remove(writes: Writes, write: number): void {
  if (!has(writes, write)) return;
  const index = write >>> 5;
  writes.words[index] = (writes.words[index] ?? 0) & ~(1 << (write & 31));
  writes.count -= 1;
  writes.sum = (writes.sum - weight(write)) >>> 0;
}

/** What `wanted` has and `there` has not, the oldest first. */
export function missingIn(wanted: Writes, there: Writes): number[] {
  const missing: number[] = [];
  for (let index = 0; index < wanted.words.length; index += 1) {
    let bits = ((wanted.words[index] ?? 0) & ~(there.words[index] ?? 0)) >>> 0;
    while (bits !== 0) {
      const bit = 31 - Math.clz32(bits & -bits);
      missing.push(index * 32 + bit);
      bits &= bits - 1;
    }
  }
  return missing;
}

function weight(write: number): number {
  return Math.imul(write + 1, 0x9e3779b1);
}
