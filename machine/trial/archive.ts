import { Decrypter } from 'age-encryption';
import type { TrialMachine } from './machines.ts';
import { identity } from './pair.ts';

/** The tar in an archive that `backup` named, as the operator's side opens it. */
export async function opened(machine: TrialMachine, path: string): Promise<Buffer> {
  const archive = Buffer.concat(await (await machine.box.fetchBackup(path)).toArray());
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return Buffer.from(await decrypter.decrypt(archive));
}
