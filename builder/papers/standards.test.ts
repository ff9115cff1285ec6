import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contentsText, readContents } from './contents.ts';
import { sbomText } from './sbom.ts';
import { statementText } from './statement.ts';

const MACHINE = [
  'system\tubuntu\t24.04\tUbuntu 24.04.3 LTS',
  'architecture\tamd64',
  'package\tlibstdc++6\t14.2.0-4ubuntu2~24.04\tamd64\tgcc-14\t14.2.0-4ubuntu2~24.04',
  'package\tzlib1g\t1:1.3.dfsg-3.1ubuntu2.1\tamd64\tzlib\t1:1.3.dfsg-3.1ubuntu2.1',
  'package\tzlib1g\t1:1.3.dfsg-3.1ubuntu2.1\ti386\tzlib\t1:1.3.dfsg-3.1ubuntu2.1',
  `app\tanny:baked\tsha256:${'a'.repeat(64)}`,
].join('\n');
const REQUEST = {
  image: 'anny',
  digest: 'd'.repeat(64),
  parent: 'os',
  paths: [],
  app: 'anny:baked',
  tree: '/usr',
  keep: '',
};
const CONTENTS = readContents(MACHINE, REQUEST);

describe('the SBOM', () => {
  const problems = async (text: string) => new Validation.JsonStrictValidator(Spec.Version.v1dot5).validate(text);

  test("is one by CycloneDX's own schema, read strictly", async () => {
    expect(await problems(sbomText(CONTENTS, '0.1.0'))).toBeNull();
  });

  test('is none any more where a hash is no hash, or a key is none of theirs', async () => {
    const sbom = JSON.parse(sbomText(CONTENTS, '0.1.0'));
    expect(await problems(JSON.stringify({ ...sbom, metadata: { ...sbom.metadata, maker: 'us' } }))).not.toBeNull();
    expect(await problems(sbomText({ ...CONTENTS, digest: 'no digest' }, '0.1.0'))).not.toBeNull();
  });
});

/**
 * What https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and https://slsa.dev/spec/v1.0/provenance ask for, and
 * the types of what they allow besides. Written from them, not from what is written here.
 */
const hex = z.string().regex(/^[0-9a-f]{64}$/);
const resource = z
  .strictObject({
    ...{ name: z.string().min(1).optional(), uri: z.string().optional() },
    ...{ digest: z.strictObject({ sha256: hex }).optional(), content: z.string().optional() },
    ...{ downloadLocation: z.string().optional(), mediaType: z.string().optional() },
    annotations: z.record(z.string(), z.json()).optional(),
  })
  .refine(
    ({ uri, digest, content }) => [uri, digest, content].some((one) => one !== undefined),
    'one of uri, digest, content',
  );
const typeUri = z.url();
const timestamp = z.iso.datetime();
const slsa = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.array(resource.refine(({ digest }) => digest !== undefined, 'a digest')).min(1),
  predicateType: z.literal('https://slsa.dev/provenance/v1'),
  predicate: z.strictObject({
    buildDefinition: z.strictObject({
      buildType: typeUri,
      externalParameters: z.record(z.string(), z.json()),
      internalParameters: z.record(z.string(), z.json()).optional(),
      resolvedDependencies: z.array(resource).optional(),
    }),
    runDetails: z.strictObject({
      builder: z.strictObject({
        id: typeUri,
        builderDependencies: z.array(resource).optional(),
        version: z.record(z.string(), z.string()).optional(),
      }),
      metadata: z
        .strictObject({ invocationId: z.string(), startedOn: timestamp, finishedOn: timestamp })
        .partial()
        .optional(),
      byproducts: z.array(resource).optional(),
    }),
  }),
});

test('the provenance is an in-toto statement with all that SLSA provenance asks for', () => {
  const inputs = [{ name: 'definition images/anny.yaml', sha256: 'b'.repeat(64) }];
  const text = statementText({
    ...{ identity: { name: 'anny', digest: 'd'.repeat(64), parent: 'os', inputs }, snapshot: 'snapshot-1' },
    ...{ environment: 'production', operation: 'op1', version: '0.1.0', startedAt: 0, finishedAt: 60_000, lynis: 82 },
    ...{ contents: contentsText(CONTENTS), sbom: sbomText(CONTENTS, '0.1.0'), seconds: { boot: 2.5 } },
  });
  expect(slsa.safeParse(JSON.parse(text)).error?.issues ?? []).toEqual([]);
});
