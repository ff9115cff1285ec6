import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { codeOf, reasonOf } from './memory/disk.ts';
import { StartProblem } from './start-problem.ts';

/** A Google service account's key file, as far as anybody needs it; further fields stay as they are. */
const serviceAccountSchema = z.looseObject({
  type: z.literal('service_account'),
  project_id: z.string().min(1),
  private_key_id: z.string().min(1),
  private_key: z.string().refine(isPrivateKey, 'must be a private key in PEM'),
  client_email: z.email(),
  token_uri: z.url({ protocol: /^https$/ }),
});
export type ServiceAccount = z.infer<typeof serviceAccountSchema>;

/** Undefined when there is no such file. A wrong one is a StartProblem that names the field, never what stands in it. */
export function readServiceAccount(path: string): ServiceAccount | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new StartProblem(`The service account file ${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
  const result = serviceAccountSchema.safeParse(parse(path, text));
  if (result.success) return result.data;
  const fields = [...new Set(result.error.issues.map((issue) => issue.path.join('.') || 'the whole file'))];
  throw new StartProblem(
    `The service account file ${path} is wrong in: ${fields.join(', ')}. Download the key again, as JSON.`,
  );
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No cause: the parser's message quotes the content.
    throw new StartProblem(`The service account file ${path} is not JSON. Download the key again, as JSON.`);
  }
}

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).type === 'private';
  } catch {
    return false;
  }
}
