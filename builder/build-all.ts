import { OPERATION_ID_BYTES } from '../operation/begin.ts';
import { AnnyError } from '../operation/errors.ts';
import type { Report } from '../operation/report.ts';
import type { BakeContext } from './bake-context.ts';
import { type BuildWish, type Built, build } from './build.ts';

/**
 * Bakes several images side by side, each as an operation of its own: what two of them stand on is baked by one, and the other
 * waits for it as it would for somebody else's. One that fails does not stop the others.
 */
export async function buildAll(
  context: BakeContext,
  wishes: readonly BuildWish[],
  keep: (error: unknown) => Promise<boolean>,
): Promise<readonly Built[]> {
  const [only] = wishes;
  if (only === undefined) return [];
  if (wishes.length === 1) return build(context, only, keep);
  const ended = await Promise.allSettled(wishes.map((wish) => buildBeside(context, wish, keep)));
  const failed = ended.flatMap((one, index) =>
    one.status === 'rejected' ? [{ name: wishes[index]?.name ?? '', error: one.reason as unknown }] : [],
  );
  const built = ended.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  if (failed.length > 0) throw failureOf(failed, built);
  // What several stand on, once.
  return [...new Map(built.map((one) => [one.digest, one])).values()];
}

async function buildBeside(
  context: BakeContext,
  wish: BuildWish,
  keep: (error: unknown) => Promise<boolean>,
): Promise<readonly Built[]> {
  const { operation, running } = context;
  const own = {
    ...operation,
    id: operation.clock.randomHex(OPERATION_ID_BYTES),
    undos: [],
    held: { lease: undefined },
    report: named(operation.report, wish.name),
  };
  await running.begin(own.id);
  try {
    return await build({ ...context, operation: own }, wish, keep);
  } finally {
    await running.end(own.id);
  }
}

/** Each line says whose it is. */
function named(report: Report, name: string): Report {
  const title = (text: string): string => `${name}: ${text}`;
  return {
    step: (step, detail) => report.step(title(step), detail),
    note: (text) => report.note(title(text)),
    warn: (text) => report.warn(title(text)),
    ...(report.expect === undefined
      ? {}
      : {
          expect: (seconds) =>
            report.expect?.(Object.fromEntries(Object.entries(seconds).map(([step, took]) => [title(step), took]))),
        }),
  };
}

function failureOf(failed: readonly { name: string; error: unknown }[], built: readonly Built[]): unknown {
  const bug = failed.find(({ error }) => !(error instanceof AnnyError))?.error;
  const [first] = failed.flatMap(({ error }) => (error instanceof AnnyError ? [error] : []));
  if (bug !== undefined || first === undefined || failed.length + built.length === 1) return bug ?? first;
  const others = [...new Set(built.map(({ name }) => name))];
  const told = failed.map(({ name, error }) => `${name}: ${error instanceof Error ? error.message : ''}`);
  const nexts = [...new Set(failed.flatMap(({ error }) => (error instanceof AnnyError ? [error.next] : [])))];
  return new AnnyError(first.code, {
    doing: `baking ${failed.map(({ name }) => name).join(' and ')}`,
    found: [
      `${failed.length} failed${others.length === 0 ? '' : `; ${others.join(', ')} are there and stay`}`,
      ...told.map((text) => text.replaceAll('\n', '\n  ')),
    ].join('\n  '),
    next: nexts.join('\n  next: '),
    cause: first,
  });
}
