import type { Shell } from '../../machine/shell.ts';
import { runStep } from '../../operation/step.ts';
import type { BakeContext, BakeRequest } from '../bake-context.ts';
import { bakedTag } from '../build-app.ts';
import { toolVersion } from '../project-files.ts';
import { renderTree } from '../render.ts';
import { type Contents, contentsScript, contentsText, readContents, TREE_PATH } from './contents.ts';
import { sbomText } from './sbom.ts';
import { CONTENTS_PATH, SBOM_PATH } from './statement.ts';

/** The texts that lie on the machine itself. */
export interface Recorded {
  readonly contents: string;
  readonly sbom: string;
}

/** Writes down what is on the machine, there too: a list and its form for other tools. */
export function recordContents(context: BakeContext, request: BakeRequest, shell: Shell): Promise<Recorded> {
  return runStep(context.operation, {
    name: 'record contents',
    interruptible: true,
    run: async () => {
      const contents = await contentsOn(context, request, shell, TREE_PATH);
      const texts = { contents: contentsText(contents), sbom: sbomText(contents, await toolVersion()) };
      await shell.put(CONTENTS_PATH, texts.contents, { mode: 0o644 });
      await shell.put(SBOM_PATH, texts.sbom, { mode: 0o644 });
      return { ...texts, packages: contents.packages.length, files: contents.files.length };
    },
    describe: ({ packages, files }) => `${packages} packages, ${files} files`,
  });
}

/** What a machine of this chain says of itself. */
export async function contentsOn(
  { settings }: Pick<BakeContext, 'settings'>,
  { chain, identity }: Pick<BakeRequest, 'chain' | 'identity'>,
  shell: Shell,
  keep = '',
): Promise<Contents> {
  const trees = await Promise.all(chain.map((definition) => renderTree(settings, definition)));
  const paths = [...new Set(trees.flat().map(({ path }) => path))].sort();
  const app = chain.some((definition) => definition.app) ? bakedTag(settings) : undefined;
  const wanted = {
    image: identity.name,
    digest: identity.digest,
    parent: identity.parent,
    paths,
    app,
    tree: '/usr',
    keep,
  };
  return readContents(await shell.run(contentsScript(wanted)), wanted);
}
