import type { Context } from './context.ts';
import type { Answering } from './release.ts';
import { hookAfter } from './run-hook.ts';
import { switchTraffic } from './switch.ts';

/** Points the name at another writer than before, and tells the hook for it. */
export async function lead(context: Context, writer: Answering, from?: Answering): Promise<void> {
  await switchTraffic(context, writer, from);
  await hookAfter(context, 'post-switch', { release: writer, ...(from === undefined ? {} : { from }) });
}
