import { Readable } from 'node:stream';
import type { Settings } from '../config/settings.ts';
import type { Shell } from '../machine/shell.ts';
import { AnnyError } from '../operation/errors.ts';

const SHORTEST_CHARS = 8;
const SHORTEST_LINE_CHARS = 16;
const SEARCH_TIMEOUT_MS = 15 * 60_000;

/** A piece of a secret, and whose piece it is. */
export interface Needle {
  readonly name: string;
  readonly text: string;
}

/** What to look for: each configured secret whole, and the longer lines of one with several. */
export function needlesOf(settings: Settings): readonly Needle[] {
  return [...settings.secretValues()].flatMap(([name, value]) => {
    const lines = value.split('\n').map((line) => line.trim());
    const pieces =
      lines.length === 1
        ? lines.filter((line) => line.length >= SHORTEST_CHARS)
        : lines.filter((line) => line.length >= SHORTEST_LINE_CHARS);
    return [...new Set(pieces)].map((text) => ({ name, text }));
  });
}

/**
 * Shell that searches the whole disk for what comes on stdin (one needle a line) and for key material. Prints
 * "secret<TAB>file<TAB>number of the needle" or "key<TAB>file". The needles are on no disk and in no argument there.
 */
export const SEARCH_SCRIPT = `
needles=$(cat)
skip='--exclude-dir=proc --exclude-dir=sys --exclude-dir=dev --exclude-dir=run --devices=skip'
search() { grep -rslaF $skip -f <(printf '%s\\n' "$needles") / 2>/dev/null || true; }
if [ -n "$needles" ]; then
  while IFS= read -r file; do
    number=0
    while IFS= read -r needle; do
      number=$((number + 1))
      if grep -qsaF -f <(printf '%s\\n' "$needle") -- "$file"; then printf 'secret\\t%s\\t%s\\n' "$file" "$number"; fi
    done <<<"$needles"
  done < <(search)
fi
{ grep -rslaE $skip -e '^-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----' -e '^AGE-SECRET-KEY-1[A-Z0-9]+' / 2>/dev/null || true; } | sed 's/^/key\\t/'
for file in /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys; do if [ -s "$file" ]; then printf 'login\\t%s\\n' "$file"; fi; done
awk -F: '$2 ~ /^\\$/ {print "password\\t/etc/shadow (" $1 ")"}' /etc/shadow
`;

/** Test keys of libraries: known to everybody, and no secret of ours. */
const KNOWN_TEST_KEYS = /\/(node_modules|dist-packages|site-packages|twisted|test|tests|doc|docs|examples)\//;

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
    return kind === 'password' ? [`${file} has a password`] : [];
  });
}

/** Searches a booted machine; SECRET_IN_IMAGE names every file. */
export async function searchBooted(shell: Shell, settings: Settings): Promise<number> {
  const needles = needlesOf(settings);
  const output = await shell.run(SEARCH_SCRIPT, { stdin: needleStream(needles), timeoutMs: SEARCH_TIMEOUT_MS });
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
