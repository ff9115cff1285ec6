/** How papers are signed, and who signed them. */
export interface Signatures {
  /** @throws {AnnyError} SIGNING_FAILED with what ssh-keygen said. */
  sign(text: string): Promise<string>;
  /** The fingerprint of the key that signed this text; undefined when the signature is not one over it. */
  signer(text: string, signature: string): Promise<string | undefined>;
}
