import { runStep } from '../operation/step.ts';
import type { BakeContext } from './bake-context.ts';
import { type Image, imagesIn } from './catalog.ts';
import { findImage } from './find-image.ts';
import { archiveIn } from './papers/archive.ts';
import { contentsOf } from './papers/papers.ts';
import { onTestMachine } from './test-machine.ts';
import type { Known } from './vulnerabilities/answer.ts';
import { knownVulnerabilities } from './vulnerabilities/known.ts';
import { findingLines, knownText } from './vulnerabilities/text.ts';

export interface Outdated {
  readonly name: string;
  readonly digest: string;
  readonly packages: readonly OutdatedPackage[];
  readonly known: Known;
}

export interface OutdatedPackage {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** Where the newer one comes from: "bookworm-security". */
  readonly suites: readonly string[];
  readonly security: boolean;
}

const TIMEOUT_MS = 10 * 60_000;
/** The machine asks its own sources, and installs nothing. */
const SCRIPT = `export LC_ALL=C DEBIAN_FRONTEND=noninteractive
apt-get -qq -o DPkg::Lock::Timeout=300 update >&2
apt list --upgradable 2>/dev/null`;
/** "nginx/stable-security,now 1.22.1-9+deb12u2 amd64 [upgradable from: 1.22.1-9]" */
const LINE = /^(?<name>[^/\s]+)\/(?<suites>\S+) (?<to>\S+) \S+ \[upgradable from: (?<from>\S+)\]$/;

/** Packages of an image that have newer versions, as a machine that is booted from it sees them now. */
export async function outdated(context: BakeContext, wanted: string): Promise<Outdated> {
  const image = findImage(await imagesIn(context.cloud), wanted);
  const packages = await onTestMachine(context, image, (shell) =>
    runStep(context.operation, {
      name: 'ask for newer packages',
      interruptible: true,
      run: async () => readUpgradable(await shell.run(SCRIPT, { timeoutMs: TIMEOUT_MS })),
      describe: (found) => `${found.length}`,
    }),
  );
  return { name: image.name, digest: image.digest, packages, known: await knownOf(context, image) };
}

/** By its papers, of which the machine is a copy. */
async function knownOf({ cloud, settings, operation }: BakeContext, image: Image): Promise<Known> {
  const papers = await archiveIn(cloud, settings.directory).recall(image);
  const contents = papers === undefined ? undefined : contentsOf(papers);
  if (contents === undefined) return { kind: 'not checked', why: 'it has no papers that say what is in it' };
  return knownVulnerabilities({ settings, nowMs: operation.clock.now(), network: 'when old' }, contents);
}

export function readUpgradable(output: string): readonly OutdatedPackage[] {
  const found = output.split('\n').flatMap((line) => {
    const groups = LINE.exec(line)?.groups;
    if (groups === undefined) return [];
    const { name = '', from = '', to = '' } = groups;
    const suites = (groups.suites ?? '').split(',').filter((suite) => suite !== 'now');
    return [{ name, from, to, suites, security: suites.some((suite) => suite.endsWith('-security')) }];
  });
  return found.sort((a, b) => Number(b.security) - Number(a.security) || a.name.localeCompare(b.name, 'en'));
}

export function outdatedText({ name, digest, packages, known }: Outdated): string {
  const head = `${name} ${digest.slice(0, 12)}`;
  const flaws = [
    `known vulnerabilities: ${knownText(known)}`,
    ...findingLines(known, false).map((line) => `  ${line}`),
  ];
  if (packages.length === 0) {
    return [`${head}: every package is the newest that its sources have`, ...flaws, ''].join('\n');
  }
  const security = packages.filter((one) => one.security).length;
  return [
    `${head}: ${packages.length} packages have newer versions, ${security} of them for security`,
    ...packages.map(
      (one) => `  ${one.security ? '!' : ' '} ${one.name}  ${one.from} -> ${one.to}  ${one.suites.join(', ')}`,
    ),
    ...flaws,
    'anny-image build --refresh bakes them in',
    '',
  ].join('\n');
}
