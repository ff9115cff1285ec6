import type { Context } from './context.ts';
import type { Answering } from './release.ts';

const LINES = 15;
/** A machine that is gone is not asked for long. */
const PATIENCE_MS = 10_000;

/** On failure the app's last lines are shown: they say why more often than the probe does. */
export async function withLastLines<T>(context: Context, machine: Answering, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    await tellLastLines(context, machine);
    throw error;
  }
}

export async function tellLastLines({ operation }: Context, { box }: Answering): Promise<void> {
  const patient = box.within(operation.clock.now() + PATIENCE_MS);
  const text = await patient.logs(LINES).catch(() => '');
  for (const line of text.split('\n')) if (line.trim() !== '') operation.report.note(line);
}
