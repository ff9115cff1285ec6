import { resolve } from 'node:path';
import type { Command } from 'commander';
import { pricesOf } from '../../cloud/prices.ts';
import { answer } from '../../operation/command-line.ts';
import { AnnyError } from '../../operation/errors.ts';
import type { BakeContext } from '../bake-context.ts';
import { type Image, imagesIn } from '../catalog.ts';
import { diffContents, diffText } from '../diff-contents.ts';
import { exportDefinition } from '../export.ts';
import { findImage } from '../find-image.ts';
import { listText, showText } from '../image-text.ts';
import { archiveIn } from '../papers/archive.ts';
import type { Contents } from '../papers/contents.ts';
import { contentsOf, inputsOf, statementOf } from '../papers/papers.ts';
import { vouch } from '../papers/vouch.ts';
import type { Asking, Known } from '../vulnerabilities/answer.ts';
import { knownVulnerabilities } from '../vulnerabilities/known.ts';
import { findingLines, knownText } from '../vulnerabilities/text.ts';
import { withContext } from './open-context.ts';

const MEANT = 'name, snapshot id, or first characters of the digest';

/** Commands that look at images, and touch nothing. */
export function addLookCommands(program: Command): void {
  program
    .command('list')
    .description('the images in the account, newest first: one listing')
    .action((_options, command: Command) => withContext(command, (context) => list(context, command)));
  program
    .command('show')
    .argument('<image>', MEANT)
    .option('--all', 'every package and input, too')
    .description('one image: who signed it, what is in it, and what went into it')
    .action((wanted: string, options: { all?: true }, command: Command) =>
      withContext(command, (context) => show(context, command, wanted, options.all === true)),
    );
  program
    .command('vulnerabilities')
    .argument('[image]', `${MEANT} (default: the newest of image.name)`)
    .option('--all', 'also those that have no fix yet')
    .description("known vulnerabilities of an image's packages, by the distribution's tracker: boots nothing")
    .action((wanted: string | undefined, options: { all?: true }, command: Command) =>
      withContext(command, (context) =>
        vulnerabilities(context, command, wanted ?? context.settings.config.image.name, options.all === true),
      ),
    );
  program
    .command('diff')
    .argument('<before>', MEANT)
    .argument('<after>', MEANT)
    .description('packages, files and services that are different in two images')
    .action((before: string, after: string, _options, command: Command) =>
      withContext(command, (context) => diff(context, command, before, after)),
    );
  program
    .command('export')
    .argument('[name]', 'image definition (default: image.name of config.yaml)')
    .requiredOption('--to <directory>', 'an empty or new directory')
    .description('write every file and script that a bake would bring to a machine, for review')
    .action((name: string | undefined, { to }: { to: string }, command: Command) =>
      withContext(command, async ({ settings }) => {
        const files = await exportDefinition(settings, name ?? settings.config.image.name, resolve(to));
        answer(command, { directory: resolve(to), files }, `${files} files in ${to}\n`);
      }),
    );
}

async function list({ cloud, settings }: BakeContext, command: Command): Promise<void> {
  const images = await imagesIn(cloud);
  answer(command, { images }, listText(images, pricesOf(settings.config)));
}

async function show(context: BakeContext, command: Command, wanted: string, all: boolean): Promise<void> {
  const { cloud, settings, signatures } = context;
  const image = findImage(await imagesIn(cloud), wanted);
  const papers = await archiveIn(cloud, settings.directory).recall(image);
  const contents = papers === undefined ? undefined : contentsOf(papers);
  const shown = {
    image,
    vouched: await vouch(signatures, settings.config.image.signers, image, papers),
    contents,
    known: await knownOf(context, contents, 'never'),
    statement: papers === undefined ? undefined : statementOf(papers),
    inputs: inputsOf(papers),
  };
  const { statement: provenance, ...rest } = shown;
  answer(command, { ...rest, provenance: provenance ?? null }, showText(shown, pricesOf(settings.config), all));
}

async function vulnerabilities(context: BakeContext, command: Command, wanted: string, all: boolean): Promise<void> {
  const image = findImage(await imagesIn(context.cloud), wanted);
  const known = await knownOf(context, await contentsOfImage(context, image), 'when old');
  const head = `${image.name} ${image.digest.slice(0, 12)}: ${knownText(known)}`;
  const lines = [head, ...findingLines(known, all).map((line) => `  ${line}`)];
  answer(command, { image, known }, `${lines.join('\n')}\n`);
}

async function knownOf(
  { settings, operation }: BakeContext,
  contents: Contents | undefined,
  network: Asking['network'],
): Promise<Known> {
  if (contents === undefined) return { kind: 'not checked', why: 'it has no papers that say what is in it' };
  return knownVulnerabilities({ settings, nowMs: operation.clock.now(), network }, contents);
}

async function diff(context: BakeContext, command: Command, before: string, after: string): Promise<void> {
  const images = await imagesIn(context.cloud);
  const [a, b] = [findImage(images, before), findImage(images, after)];
  const found = diffContents(await contentsOfImage(context, a), await contentsOfImage(context, b));
  answer(command, { before: a.snapshotId, after: b.snapshotId, ...found }, diffText(found));
}

async function contentsOfImage({ cloud, settings }: BakeContext, image: Image): Promise<Contents> {
  const papers = await archiveIn(cloud, settings.directory).recall(image);
  const contents = papers === undefined ? undefined : contentsOf(papers);
  if (contents !== undefined) return contents;
  throw new AnnyError('IMAGE_MISSING', {
    doing: `reading what is in ${image.name} ${image.digest.slice(0, 12)}`,
    found: 'it has no papers: an earlier version of Anny baked it, or they were deleted',
    next: `anny-image build ${image.name} --force bakes it with papers`,
  });
}
