import type { Manifest, PullSource } from '../machine/box.ts';
import type { Answering } from './release.ts';

/** One machine copies another's state, directly, with a key made for this once. */
export async function pullState(from: Answering, to: Answering): Promise<Manifest> {
  return to.box.pull(await admit(from, to));
}

/** Lets `to` read the state of `from` for some minutes. The host key comes over the pinned connection. */
export async function admit(from: Answering, to: Answering): Promise<PullSource> {
  await from.box.admit(await to.box.pullKey(), to.address);
  return { address: from.address, hostPublicKey: from.status.hostPublicKey };
}
