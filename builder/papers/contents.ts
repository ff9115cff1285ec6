import { z } from 'zod';
import { quote } from '../../machine/ssh-shell.ts';
import { SINCE_START } from '../since-start.ts';
import { treeScript } from './tree.ts';

/** What is in an image, as its machine said before it was cleaned: one text, which lies on the machine and is signed. */
export const contentsSchema = z.object({
  image: z.string(),
  digest: z.string(),
  /** First 12 characters of the parent's digest, or "os". */
  parent: z.string(),
  system: z.object({ id: z.string(), version: z.string(), name: z.string() }),
  architecture: z.string(),
  packages: z.array(
    z
      .object({
        ...{ name: z.string(), version: z.string(), architecture: z.string(), source: z.string() },
        /** Of the source package, where that is another one. */
        source_version: z.string().optional(),
      })
      .readonly(),
  ),
  /** What the definitions of the chain place, as it lies there. */
  files: z.array(z.object({ path: z.string(), sha256: z.string(), mode: z.string(), owner: z.string() }).readonly()),
  /** The whole of /usr as one digest, over a list for mtree that lies on the machine; null where mtree is not installed. */
  tree: z.string().nullable().default(null),
  /** Units that start by themselves. */
  services: z.array(z.string()),
  /** The app's container image; null where there is none. */
  app: z.object({ reference: z.string(), id: z.string() }).nullable(),
});

export type Contents = z.infer<typeof contentsSchema>;

export interface ContentsRequest {
  readonly image: string;
  readonly digest: string;
  readonly parent: string;
  /** Absolute paths of what the chain's definitions place. */
  readonly paths: readonly string[];
  /** "anny:baked"; undefined where the image holds no app. */
  readonly app: string | undefined;
  /** "/usr" */
  readonly tree: string;
  /** Where mtree's list of it is to lie on the machine; "" only compares. */
  readonly keep: string;
  /** Shell that prints when this machine started; for tests. */
  readonly since?: string;
}

export const TREE_PATH = '/usr/share/anny/usr.mtree';

/** Prints a line "what<TAB>value…" for each thing that is there. */
export function contentsScript({
  paths,
  app,
  tree,
  keep,
  since = SINCE_START,
}: Pick<ContentsRequest, 'paths' | 'app' | 'tree' | 'keep' | 'since'>): string {
  return `
tree=${quote(tree)} keep=${quote(keep)}
export LC_ALL=C
(. /etc/os-release; printf 'system\\t%s\\t%s\\t%s\\n' "\${ID:-}" "\${VERSION_ID:-}" "\${PRETTY_NAME:-}")
printf 'architecture\\t%s\\n' "$(dpkg --print-architecture)"
dpkg-query -W -f='\${db:Status-Abbrev}\\tpackage\\t\${Package}\\t\${Version}\\t\${Architecture}\\t\${source:Package}\\t\${source:Version}\\n' | sed -n 's/^ii *\\t//p'
files=()
for path in ${paths.map(quote).join(' ')}; do if [ -f "$path" ]; then files+=("$path"); fi; done
if [ \${#files[@]} -gt 0 ]; then
  # What sha256sum says of a name that it has to escape begins with a backslash.
  mapfile -t sums < <(sha256sum -- "\${files[@]}" | sed 's/^\\\\//')
  mapfile -t owners < <(stat -c '%a\\t%U:%G' -- "\${files[@]}")
  [ \${#sums[@]} -eq \${#files[@]} ] && [ \${#owners[@]} -eq \${#files[@]} ]
  for at in "\${!files[@]}"; do printf 'file\\t%s\\t%b\\t%s\\n' "\${sums[at]%% *}" "\${owners[at]}" "\${files[at]}"; done
fi
${treeScript(since)}
# Enabled is what a link leads to, so only of those systemd is asked: it looks long at each.
links=$([ ! -d /etc/systemd/system ] || find /etc/systemd/system -type l -printf '%f\\n%l\\n')
mapfile -t units < <(sed -E 's#.*/##; s#[^A-Za-z0-9@._:-]#?#g; p; s#@[^.]*\\.#@.#' <<<"$links" | grep -E '\\.(service|socket|timer)$' | sort -u)
if [ \${#units[@]} -gt 0 ]; then
  systemctl list-unit-files --plain --no-legend --type=service,socket,timer --state=enabled -- "\${units[@]}" | awk '{print "service\\t" $1}'
fi
${app === undefined ? '' : `printf 'app\\t%s\\t%s\\n' ${quote(app)} "$(docker image inspect --format '{{.Id}}' ${quote(app)})"`}
`;
}

/** In one order, whatever the machine's: the same contents are the same text. */
export function readContents(output: string, { image, digest, parent }: ContentsRequest): Contents {
  const lines = output.split('\n').map((line) => line.split('\t'));
  const rows = (what: string): string[][] => lines.flatMap(([kind, ...values]) => (kind === what ? [values] : []));
  const [id = '', version = '', name = ''] = rows('system')[0] ?? [];
  const [reference, appId] = rows('app')[0] ?? [];
  return {
    ...{ image, digest, parent },
    system: { id, version, name },
    architecture: rows('architecture')[0]?.[0] ?? '',
    packages: rows('package')
      .map(([name = '', version = '', architecture = '', source = '', from = version]) => ({
        ...{ name, version, architecture, source },
        ...(from === version ? {} : { source_version: from }),
      }))
      .sort((a, b) => order(`${a.name} ${a.architecture}`, `${b.name} ${b.architecture}`)),
    files: rows('file')
      .map(([sha256 = '', mode = '', owner = '', path = '']) => ({ path, sha256, mode, owner }))
      .sort((a, b) => order(a.path, b.path)),
    tree: rows('tree')[0]?.[0] ?? null,
    services: [...new Set(rows('service').map(([unit = '']) => unit))].sort(order),
    app: reference === undefined || appId === undefined ? null : { reference, id: appId },
  };
}

/** By code units: no locale is part of it. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function contentsText(contents: Contents): string {
  return `${JSON.stringify(contents)}\n`;
}

/** undefined for a text that is none. */
export function readContentsText(text: string): Contents | undefined {
  try {
    return contentsSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
