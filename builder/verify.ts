import type { Shell } from '../machine/shell.ts';
import { runStep } from '../operation/step.ts';
import type { BakeContext } from './bake-context.ts';
import { type Image, imagesIn } from './catalog.ts';
import { type CheckResult, checksScript, countChecks, readChecks } from './checks.ts';
import type { Definition } from './definition.ts';
import { readChain } from './definition.ts';
import { diffContents, diffText } from './diff-contents.ts';
import { findImage } from './find-image.ts';
import { vouchedText } from './image-text.ts';
import { archiveIn } from './papers/archive.ts';
import { contentsText, TREE_PATH } from './papers/contents.ts';
import { contentsOf, type Papers } from './papers/papers.ts';
import { contentsOn } from './papers/record.ts';
import { CONTENTS_PATH } from './papers/statement.ts';
import { NOT_LISTED } from './papers/tree.ts';
import { vouch } from './papers/vouch.ts';
import { searchBooted } from './secret-search.ts';
import { onTestMachine } from './test-machine.ts';

export interface Verified {
  readonly name: string;
  readonly digest: string;
  readonly checks: readonly CheckResult[];
}

/**
 * Who signed the image, and whether it is the one that was signed; then a fresh machine is booted from it, compared with what was
 * signed, tested as its definition says today, searched, and destroyed.
 */
export async function verify(context: BakeContext, wanted: string, papersOnly: boolean): Promise<Verified> {
  const { cloud, settings, signatures } = context;
  const image = findImage(await imagesIn(cloud), wanted);
  const papers = await archiveIn(cloud, settings.directory).recall(image);
  const vouched = await vouch(signatures, settings.config.image.signers, image, papers);
  const { name, digest } = image;
  const ok = vouched.kind === 'signed';
  const signed = { name: ok ? `signed ${vouchedText(vouched)}` : 'signed', ok, found: ok ? '' : vouchedText(vouched) };
  if (papersOnly) return { name, digest, checks: [signed] };
  const chain = await readChain(settings.directory, name);
  const booted = await onTestMachine(context, image, (shell) => judge(context, { chain, image, papers, shell }));
  return { name, digest, checks: [signed, ...booted] };
}

interface Booted {
  readonly chain: readonly Definition[];
  readonly image: Image;
  readonly papers: Papers | undefined;
  readonly shell: Shell;
}

async function judge(context: BakeContext, booted: Booted): Promise<readonly CheckResult[]> {
  const { operation, settings } = context;
  const { chain, papers, shell } = booted;
  const compared = papers === undefined ? [] : await compare(context, booted, papers);
  const tested = await runStep(operation, {
    name: 'test',
    interruptible: true,
    run: async () => readChecks(await shell.run(checksScript(chain))),
    describe: (all) => `${all.filter(({ ok }) => ok).length} of ${countChecks(chain)} hold`,
  });
  await runStep(operation, {
    name: 'search',
    interruptible: true,
    run: () => searchBooted(shell, settings),
    describe: () => 'nothing found',
  });
  return [...compared, ...tested];
}

/** The list on its disk, and the disk itself. */
function compare(
  context: BakeContext,
  { chain, image, shell }: Booted,
  papers: Papers,
): Promise<readonly CheckResult[]> {
  return runStep(context.operation, {
    name: 'compare with its papers',
    interruptible: true,
    run: async () => {
      const there = await shell.run(`cat ${CONTENTS_PATH} 2>/dev/null || true`);
      const now = await contentsOn(context, { chain, identity: { ...image, inputs: [] } }, shell);
      const signed = contentsOf(papers);
      const same = contentsText(now) === papers.contents;
      const diff = signed === undefined ? 'what was signed is no list' : diffText(diffContents(signed, now)).trim();
      const inTree = signed === undefined || signed.tree === now.tree ? '' : await treeChanges(shell);
      return [
        sameness('the list on its disk is the one that was signed', there === papers.contents, 'it is another one'),
        sameness(
          'packages, files and services are those that were signed',
          same,
          `${diff}${inTree}`.replaceAll('\n', '; '),
        ),
      ];
    },
    describe: (results) => (results.every(({ ok }) => ok) ? 'the same' : 'NOT the same'),
  });
}

/** The first of what mtree finds in /usr that is not as its list says. */
async function treeChanges(shell: Shell): Promise<string> {
  const ignoring = `-X <(printf '%s\\n' ${NOT_LISTED})`;
  return `\n${await shell.run(`mtree ${ignoring} -p /usr -f ${TREE_PATH} 2>&1 | head -n 6 || true`)}`.trimEnd();
}

function sameness(name: string, ok: boolean, otherwise: string): CheckResult {
  return { name, ok, found: ok ? '' : otherwise };
}
