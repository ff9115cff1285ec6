import { AnnyError } from '../operation/errors.ts';
import { runStep } from '../operation/step.ts';
import type { Context } from './context.ts';
import { type TrafficBefore, trafficText } from './judge-traffic.ts';
import type { Answering } from './release.ts';

const HOUR_SECONDS = 3_600;
const PATIENCE_MS = 15_000;

/** The last hour of the writer that is about to hand over: what its successor is held to. Undefined when it cannot tell. */
export async function trafficBefore(context: Context, from: Answering): Promise<TrafficBefore | undefined> {
  const { operation } = context;
  return runStep(operation, {
    name: 'look back',
    detail: `what clients of ${from.tags.release} got in the last hour`,
    run: async () => {
      try {
        const traffic = await from.box.within(operation.clock.now() + PATIENCE_MS).traffic(HOUR_SECONDS);
        return { ...traffic, release: from.tags.release };
      } catch (error) {
        // An image of an earlier version has no such verb; and a promote does not fail for want of a comparison.
        if (!(error instanceof AnnyError)) throw error;
        return undefined;
      }
    },
    describe: (before) => (before === undefined ? 'it cannot tell' : trafficText(before)),
  });
}
