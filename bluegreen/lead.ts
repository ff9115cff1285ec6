import type { Context } from './context.ts';
import type { Answering } from './release.ts';
import { hookAfter } from './run-hook.ts';
import { switchName } from './switch.ts';

/** Points the name at another writer than before, and tells the hook for it. */
export async function lead(context: Context, writer: Answering, from?: Answering): Promise<void> {
  await switchName(context, writer.address);
  await hookAfter(context, 'post-switch', { release: writer, ...(from === undefined ? {} : { from }) });
}
