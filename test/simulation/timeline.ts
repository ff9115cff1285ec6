/** Something that lives in virtual time: an operator's command, or a machine between two boots. Killed, it never goes on. */
export interface Task {
  alive: boolean;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
  /** Promises are resolved by it: what waits for them runs before the next event. */
  readonly wakes: boolean;
}

/** Virtual time: events in the order of their times. Nothing here waits for real time. */
export interface Timeline {
  now(): number;
  /** Runs `act`, which resolves no promise. */
  after(ms: number, act: () => void): void;
  /** Runs `act`, which may resolve promises. */
  wakeAfter(ms: number, act: () => void): void;
  /** Never resolves when the task is dead by then. */
  sleep(task: Task, ms: number): Promise<void>;
  /** Runs events until `finished`, with `check` after each. */
  run(finished: () => boolean, check: () => void): Promise<void>;
}

const BEGIN_MS = Date.UTC(2026, 0, 1);
const EVENTS_LIMIT = 400_000;

export function timeline(): Timeline {
  const queue: Event[] = [];
  let now = BEGIN_MS;
  let order = 0;
  const add = (ms: number, act: () => void, wakes: boolean): void => {
    order += 1;
    push(queue, { at: now + Math.max(0, ms), order, act, wakes });
  };
  return {
    now: () => now,
    after: (ms, act) => add(ms, act, false),
    wakeAfter: (ms, act) => add(ms, act, true),
    sleep: (task, ms) => new Promise((resolve) => add(ms, () => task.alive && resolve(), true)),
    run: async (finished, check) => {
      await drained();
      for (let count = 0; !finished(); count += 1) {
        const event = pop(queue);
        if (event === undefined || count > EVENTS_LIMIT) throw new Error('the story does not end');
        now = event.at;
        event.act();
        if (event.wakes) await drained();
        check();
      }
    },
  };
}

/** Resolves when no promise has anything left to do: a tick comes after them all. What a stream passes on takes a few ticks. */
function drained(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A binary heap: the first event is at index 0. */
function push(heap: Event[], event: Event): void {
  let index = heap.length;
  heap.push(event);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !before(event, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = event;
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0];
  const moved = heap.pop();
  if (first === undefined || moved === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const right = left + 1;
    const [a, b] = [heap[left], heap[right]];
    if (a === undefined) break;
    const [child, at] = b !== undefined && before(b, a) ? [b, right] : [a, left];
    if (!before(child, moved)) break;
    heap[index] = child;
    index = at;
  }
  heap[index] = moved;
  return first;
}
