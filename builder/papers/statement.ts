import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Identity } from '../digest.ts';

/** Where an image comes from: an in-toto statement with SLSA provenance. Its text is what is signed. */

export const CONTENTS_PATH = '/usr/share/anny/contents.json';
export const SBOM_PATH = '/usr/share/anny/sbom.cdx.json';

const STATEMENT = 'https://in-toto.io/Statement/v1';
const PROVENANCE = 'https://slsa.dev/provenance/v1';
const digestSchema = z.object({ sha256: z.string() });

const statementSchema = z.object({
  _type: z.literal(STATEMENT),
  /** The image by its digest, and the one snapshot that holds it. */
  subject: z.tuple([
    z.object({ name: z.string(), digest: digestSchema, annotations: z.object({ snapshot: z.string() }) }),
  ]),
  predicateType: z.literal(PROVENANCE),
  predicate: z.object({
    buildDefinition: z.object({
      buildType: z.string(),
      externalParameters: z.object({ image: z.string(), environment: z.string(), parent: z.string() }),
      /** Every input by its own digest. */
      resolvedDependencies: z.array(z.object({ name: z.string(), digest: digestSchema })),
    }),
    runDetails: z.object({
      builder: z.object({ id: z.string(), version: z.record(z.string(), z.string()) }),
      metadata: z.object({ invocationId: z.string(), startedOn: z.string(), finishedOn: z.string() }),
      byproducts: z.array(
        z.object({
          name: z.string(),
          /** in-toto wants one of uri, digest and content in whatever is named. */
          uri: z.string().optional(),
          digest: digestSchema.optional(),
          annotations: z.record(z.string(), z.number()).optional(),
        }),
      ),
    }),
  }),
});

export type Statement = z.infer<typeof statementSchema>;

export interface Baked {
  readonly identity: Identity;
  readonly snapshot: string;
  readonly environment: string;
  readonly operation: string;
  readonly version: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly contents: string;
  readonly sbom: string;
  /** What lynis said of the booted machine, where the definition has a bar for it. */
  readonly lynis: number | undefined;
  /** By the name of the step. */
  readonly seconds: Readonly<Record<string, number>>;
}

export function statementText(baked: Baked): string {
  const { identity, snapshot, environment, operation, version, lynis } = baked;
  const statement: Statement = {
    _type: STATEMENT,
    subject: [{ name: identity.name, digest: { sha256: identity.digest }, annotations: { snapshot } }],
    predicateType: PROVENANCE,
    predicate: {
      buildDefinition: {
        buildType: 'urn:anny:bake:1',
        externalParameters: { image: identity.name, environment, parent: identity.parent },
        resolvedDependencies: identity.inputs.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
      },
      runDetails: {
        builder: { id: 'urn:anny:anny-image', version: { anny: version } },
        metadata: {
          invocationId: operation,
          startedOn: new Date(baked.startedAt).toISOString(),
          finishedOn: new Date(baked.finishedAt).toISOString(),
        },
        byproducts: [
          { name: CONTENTS_PATH, digest: { sha256: sha256(baked.contents) } },
          { name: SBOM_PATH, digest: { sha256: sha256(baked.sbom) } },
          { name: 'seconds by step', uri: 'urn:anny:seconds-by-step', annotations: baked.seconds },
          ...(lynis === undefined
            ? []
            : [{ name: 'lynis', uri: 'urn:anny:lynis', annotations: { hardeningIndex: lynis } }]),
        ],
      },
    },
  };
  return `${JSON.stringify(statement)}\n`;
}

/** undefined for a text that is none. */
export function readStatement(text: string): Statement | undefined {
  try {
    return statementSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export function byproduct(
  { predicate }: Statement,
  name: string,
): Statement['predicate']['runDetails']['byproducts'][number] | undefined {
  return predicate.runDetails.byproducts.find((one) => one.name === name);
}

export function lynisOf(statement: Statement): number | undefined {
  return byproduct(statement, 'lynis')?.annotations?.hardeningIndex;
}

export function secondsOf(statement: Statement): Readonly<Record<string, number>> {
  return byproduct(statement, 'seconds by step')?.annotations ?? {};
}

/** Seconds from its first step to its last. */
export function durationOf({ predicate }: Statement): number {
  const { startedOn, finishedOn } = predicate.runDetails.metadata;
  return (Date.parse(finishedOn) - Date.parse(startedOn)) / 1000;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
