import { AnnyError } from '../operation/errors.ts';
import { runStep, warn } from '../operation/step.ts';
import type { Context } from './context.ts';
import { passHealthGate } from './gates.ts';
import { withLastLines } from './last-lines.ts';
import type { Answering } from './release.ts';

/** TLS by the public name and health, seen at the address of a machine that serves everybody. */
export async function seeServing(context: Context, writer: Answering, detail: string): Promise<void> {
  await runStep(context.operation, {
    name: 'health',
    detail,
    run: (progress) => withLastLines(context, writer, () => passHealthGate(context, writer, progress)),
    describe: (text) => text,
  });
}

/**
 * Before the name is pointed at it. Where this computer cannot ask, the name goes on all the same: it leads to a machine that
 * is gone, and this one could be served by now.
 */
export async function seeServingIfPossible(context: Context, writer: Answering): Promise<void> {
  if (writer.status.certificate.kind !== 'issued') return;
  await seeServing(context, writer, 'by HTTPS and name, before the name leads there').catch((error: unknown) => {
    if (!(error instanceof AnnyError) || error.code !== 'INCONCLUSIVE') throw error;
    warn(context.operation, `${writer.tags.release} could not be asked from here: ${error.found}`);
  });
}
