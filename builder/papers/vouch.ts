import { fingerprintOf } from '../../machine/host-key.ts';
import type { Image } from '../catalog.ts';
import { type Papers, statementOf } from './papers.ts';
import type { Signatures } from './signatures.ts';
import { byproduct, CONTENTS_PATH, type Statement, sha256 } from './statement.ts';

/** What the papers of an image are worth. */
export type Vouched =
  | {
      readonly kind: 'signed';
      readonly by: string;
      /** Whose configuration is baked in. */
      readonly environment: string;
    }
  /** Nobody signed it: an earlier version of Anny baked it, or somebody took its papers away. */
  | { readonly kind: 'without papers' }
  | { readonly kind: 'wrong'; readonly found: string };

/**
 * Signature, digest, and the snapshot that they were made for. `signers` are the names and public keys that count; with none
 * any key does, and only what was changed afterwards is found.
 */
export async function vouch(
  signatures: Pick<Signatures, 'signer'>,
  signers: Readonly<Record<string, string>>,
  image: Pick<Image, 'name' | 'digest' | 'snapshotId'>,
  papers: Papers | undefined,
): Promise<Vouched> {
  if (papers === undefined) return { kind: 'without papers' };
  const key = await signatures.signer(papers.statement, papers.signature);
  if (key === undefined) return wrong('the signature is not one over its provenance');
  const name = Object.keys(signers).find((one) => fingerprintOf(signers[one] ?? '') === key);
  if (name === undefined && Object.keys(signers).length > 0) {
    return wrong(`it is signed with ${key}, which is none of image.signers (${Object.keys(signers).join(', ')})`);
  }
  const statement = statementOf(papers);
  if (statement === undefined) return wrong('what is signed is no provenance of an image');
  const problem = problemOf(image, papers, statement);
  if (problem !== undefined) return wrong(problem);
  const { environment } = statement.predicate.buildDefinition.externalParameters;
  return { kind: 'signed', by: name ?? key, environment };
}

/** A good signature is worth nothing on another image. */
function problemOf(
  image: Pick<Image, 'name' | 'digest' | 'snapshotId'>,
  papers: Papers,
  statement: Statement,
): string | undefined {
  const [{ name, digest, annotations }] = statement.subject;
  if (name !== image.name || digest.sha256 !== image.digest)
    return `its provenance is that of ${name} ${digest.sha256.slice(0, 12)}`;
  if (annotations.snapshot !== image.snapshotId)
    return `its provenance is that of snapshot ${annotations.snapshot}, and this is ${image.snapshotId}`;
  const contents = byproduct(statement, CONTENTS_PATH)?.digest?.sha256;
  return contents === sha256(papers.contents) ? undefined : 'its list of contents is not the one that was signed';
}

function wrong(found: string): Vouched {
  return { kind: 'wrong', found };
}
