import { createHash } from 'node:crypto';
import type { Contents } from './contents.ts';

/** The software of an image as CycloneDX 1.5, made from its contents alone: the same contents give the same text. */
export function sbomText(contents: Contents, version: string): string {
  return `${JSON.stringify(sbomOf(contents, version), undefined, 1)}\n`;
}

function sbomOf(contents: Contents, version: string): object {
  const { image, digest, system, packages, app } = contents;
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(contents))}`,
    version: 1,
    metadata: {
      tools: { components: [{ type: 'application', name: 'anny-image', version }] },
      component: {
        type: 'operating-system',
        'bom-ref': 'image',
        name: image,
        version: digest.slice(0, 12),
        hashes: [{ alg: 'SHA-256', content: digest }],
        description: `a machine image on ${system.name}`,
      },
    },
    components: [
      ...packages.map((one) => ({
        type: 'library',
        'bom-ref': purl(contents, one),
        name: one.name,
        version: one.version,
        purl: purl(contents, one),
        properties: [{ name: 'debian:source', value: one.source }],
      })),
      ...(app === null
        ? []
        : [
            {
              type: 'container',
              'bom-ref': app.id,
              name: app.reference,
              hashes: [{ alg: 'SHA-256', content: app.id.replace(/^sha256:/, '') }],
            },
          ]),
    ],
  };
}

/** https://github.com/package-url/purl-spec, type deb. */
function purl({ system }: Contents, { name, version, architecture }: Contents['packages'][number]): string {
  const where = new URLSearchParams({ arch: architecture, distro: `${system.id}-${system.version}` });
  return `pkg:deb/${encodeURIComponent(system.id)}/${encodeURIComponent(name)}@${encodeURIComponent(version)}?${where}`;
}

/** A name-based UUID (RFC 9562, version 8): no chance is in it. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
