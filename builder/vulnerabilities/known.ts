import type { Contents } from '../papers/contents.ts';
import type { Asking, Known } from './answer.ts';
import { askDebian } from './ask-debian.ts';
import { askOsv } from './ask-osv.ts';
import { inOrder, sourcePackagesOf } from './finding.ts';

/** By the tracker of the distribution that the image is made of. It never throws for what a tracker does. */
export async function knownVulnerabilities(asking: Asking, contents: Contents): Promise<Known> {
  const { debian, ubuntu } = asking.settings.config.image.vulnerabilities;
  const { system } = contents;
  const packages = sourcePackagesOf(contents);
  const known = await byTracker();
  return known.kind === 'checked' ? { ...known, findings: inOrder(known.findings) } : known;

  function byTracker(): Promise<Known> {
    if (system.id === 'debian') return askDebian(asking, debian, codenameOf(system.name), packages);
    if (system.id === 'ubuntu')
      return askOsv(asking, ubuntu, { image: contents.image, version: system.version, packages });
    return Promise.resolve({ kind: 'not checked', why: `nobody is known to ask about ${system.name}` });
  }
}

/** "Debian GNU/Linux 12 (bookworm)" */
function codenameOf(name: string): string {
  return /\((\w+)\)\s*$/.exec(name)?.[1] ?? '';
}
