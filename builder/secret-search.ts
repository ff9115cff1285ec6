import { Readable } from 'node:stream';
import { keysIn } from '../config/mask.ts';
import type { Settings } from '../config/settings.ts';
import type { Shell } from '../machine/shell.ts';
import { quote } from '../machine/ssh-shell.ts';
import { AnnyError } from '../operation/errors.ts';

const SHORTEST_CHARS = 8;
const SHORTEST_LINE_CHARS = 16;
/** First and last lines of PEM files, alike in all of them. */
const ARMOUR = /^-----(BEGIN|END) /;
const SECRET_NAME = /key|secret|token|password/i;
const PUBLIC_VALUE = /^https?:\/\/|^.{0,15}$/;
const SEARCH_TIMEOUT_MS = 15 * 60_000;

/** A piece of a secret, and whose piece it is. */
export interface Needle {
  readonly name: string;
  readonly text: string;
}

/** What to look for: each configured secret, whole and in the parts and forms in which it leaks. */
export function needlesOf(settings: Settings): readonly Needle[] {
  return [...settings.secretValues()].flatMap(([name, value]) =>
    [...new Set(piecesOf(value.trim()).flatMap(formsOf))].map((text) => ({ name, text })),
  );
}

/** Of a key file in JSON its secret parts alone: its other lines are in every library that reads such files. */
function piecesOf(value: string): readonly string[] {
  const parts = secretPartsOfJson(value);
  if (parts.length > 0) return parts.flatMap(linesOf);
  if (value.includes('\n')) return linesOf(value);
  return [value, ...keysIn(value)].filter((text) => text.length >= SHORTEST_CHARS);
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line.length >= SHORTEST_LINE_CHARS && !ARMOUR.test(line));
}

function secretPartsOfJson(value: string): readonly string[] {
  const found: string[] = [];
  try {
    JSON.parse(value, (name, part: unknown) => {
      if (typeof part === 'string' && SECRET_NAME.test(name) && !PUBLIC_VALUE.test(part)) found.push(part);
      return part;
    });
  } catch {
    return [];
  }
  return found;
}

function formsOf(text: string): readonly string[] {
  const base64 = Buffer.from(text).toString('base64').replace(/=+$/, '');
  return [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text), base64];
}

/**
 * Shell that searches the whole disk for what comes on stdin (one needle a line) and for key material. Prints
 * "secret<TAB>file<TAB>number of the needle" or "key<TAB>file". The needles are in no argument and on no disk there, and so in
 * no here-string either: bash writes a long one to a file.
 * @param root "" is the machine's own disk.
 */
export function searchScript(root = ''): string {
  return `
root=${quote(root)}
needles=$(cat)
shopt -s dotglob nullglob
tops=()
for top in "$root"/*; do
  case \${top#"$root"} in /proc | /sys | /dev | /run) ;; *) [ -L "$top" ] || tops+=("$top") ;; esac
done
find_text() { [ \${#tops[@]} -eq 0 ] || grep -rsla --devices=skip "$@" -- "\${tops[@]}" 2>/dev/null || true; }
if [ -n "$needles" ]; then
  while IFS= read -r file; do
    number=0
    while IFS= read -r needle; do
      number=$((number + 1))
      if grep -qsaF -f <(printf '%s\\n' "$needle") -- "$file"; then printf 'secret\\t%s\\t%s\\n' "$file" "$number"; fi
    done < <(printf '%s\\n' "$needles")
  done < <(find_text -F -f <(printf '%s\\n' "$needles"))
fi
find_text -E -e '^[[:space:]]*-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----[[:space:]]*$' \\
  -e '-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----\\\\n[A-Za-z0-9+/]{40}' -e '^PuTTY-User-Key-File-[0-9]:' \\
  -e '^AGE-SECRET-KEY-1[A-Z0-9]+' | sed 's/^/key\\t/'
for file in "$root"/root/.ssh/authorized_keys "$root"/home/*/.ssh/authorized_keys "$root"/etc/anny/pull_keys; do
  if [ -s "$file" ]; then printf 'login\\t%s\\n' "$file"; fi
done
for file in "$root"/etc/shadow "$root"/etc/shadow-; do
  if [ -r "$file" ]; then awk -F: -v file="$file" '$2 ~ /\\$/ {print "password\\t" file " (" $1 ")"}' "$file"; fi
done
`;
}

/** Test keys of libraries and packages: known to everybody, and no secret of ours. */
const KNOWN_TEST_KEYS =
  /\/(node_modules|dist-packages|site-packages)\/|\/usr\/(local\/)?(lib|share)\/(.*\/)?(twisted|tests?|docs?|examples)\//;

/** A machine that has booted has keys of its own. */
const OWN_AFTER_BOOT =
  /^(\/etc\/ssh\/ssh_host_\w+_key|\/etc\/anny\/tls\/[0-9a-f]+\/privkey\.pem|\/etc\/letsencrypt\/anny-placeholder\/privkey\.pem|\/var\/lib\/cloud\/.*|\/home\/anny-bake\/.*|\/root\/\.ssh\/authorized_keys)$/;

/** Reads the search's output: a clear sentence for each hit, never the secret. */
export function readHits(output: string, needles: readonly Needle[], when: 'cleaned' | 'booted'): readonly string[] {
  return output.split('\n').flatMap((line) => {
    const [kind, file, number] = line.split('\t');
    if (kind === 'secret') return [`${file} holds ${needles[Number(number) - 1]?.name ?? 'a secret'}`];
    if (file === undefined || (when === 'booted' && OWN_AFTER_BOOT.test(file))) return [];
    if (kind === 'key' && !KNOWN_TEST_KEYS.test(file)) return [`${file} holds a private key`];
    if (kind === 'login') return [`${file} lets somebody in`];
    // A password that the account gave the booted machine is no part of the image.
    return kind === 'password' && when === 'cleaned' ? [`${file} has a password`] : [];
  });
}

/** Searches a booted machine; SECRET_IN_IMAGE names every file. */
export async function searchBooted(shell: Shell, settings: Settings): Promise<number> {
  const needles = needlesOf(settings);
  const output = await shell.run(searchScript(), { stdin: needleStream(needles), timeoutMs: SEARCH_TIMEOUT_MS });
  refuseHits(readHits(output, needles, 'booted'));
  return needles.length;
}

export function needleStream(needles: readonly Needle[]): Readable {
  return Readable.from([Buffer.from(needles.map(({ text }) => text).join('\n'))]);
}

export function refuseHits(hits: readonly string[]): void {
  if (hits.length === 0) return;
  throw new AnnyError('SECRET_IN_IMAGE', {
    doing: 'searching the image for secrets',
    found: [...new Set(hits)].join('; '),
    next: 'no snapshot was kept; take it out of what puts it there (Dockerfile, .dockerignore, templates), and bake again',
  });
}
