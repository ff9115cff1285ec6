interface Closable {
  close(): Promise<void>;
}

/** What a command opened: all of it ends with the command, whichever way that ends. */
export interface Opened extends Closable {
  add<T extends Closable>(thing: T): T;
}

export function opened(): Opened {
  const things = new Set<Closable>();
  return {
    add: (thing) => {
      things.add(thing);
      return thing;
    },
    close: async () => void (await Promise.allSettled([...things].map((thing) => thing.close()))),
  };
}
