import type { Settings } from '../config/settings.ts';
import type { Shell } from '../machine/shell.ts';
import { quote } from '../machine/ssh-shell.ts';
import { AnnyError } from '../operation/errors.ts';
import { type Needle, needleStream, needlesOf } from './needles.ts';
import { SINCE_START } from './since-start.ts';

const SEARCH_TIMEOUT_MS = 15 * 60_000;

export interface SearchPlace {
  /** "" is the machine's own disk. */
  readonly root?: string;
  /** Only what has changed is read; the whole disk without it. */
  readonly changed?: Changed;
}

/** By ctime, which no program sets: a file that comes with an old date has changed, and so has one that was renamed. */
export interface Changed {
  /** Shell that prints a time, in seconds since 1970: the machine's start, but in tests. */
  readonly since?: string;
  /** When the disk was searched before, on the machine that had it then. */
  readonly searchedAt?: string;
}

/**
 * Shell that searches a disk for what comes on stdin (one needle a line) and for key material. Prints
 * "secret<TAB>file<TAB>number of the needle", "key<TAB>file", "token<TAB>file", "login<TAB>file" or "password<TAB>file", and once
 * "began<TAB>seconds since 1970". The needles are in no argument and on no disk there, and so in no here-string either: bash
 * writes a long one to a file.
 */
export function searchScript({ root = '', changed }: SearchPlace = {}): string {
  return `
export LC_ALL=C
root=${quote(root)}
needles=$(cat)
printf 'began\\t%s\\n' "$(date +%s.%N)"
shopt -s dotglob nullglob
swaps=()
if [ -r "$root/proc/swaps" ]; then
  while read -r swap kind _; do if [ "$kind" = file ]; then printf -v swap %b "$swap"; swaps+=("$root$swap"); fi; done <"$root/proc/swaps"
fi
# What is to be read: directories and files, down to the swap files, which are left out.
tops=()
add_tops() {
  local at swap taken
  for at in "$1"/*; do
    case \${at#"$root"} in /proc | /sys | /dev | /run) continue ;; esac
    if [ -L "$at" ]; then continue; fi
    taken=whole
    if [ "$at" = "$root/usr" ] && [ -d "$at" ]; then taken=parts; fi
    for swap in "\${swaps[@]}"; do case $swap in "$at") taken=not ;; "$at"/*) taken=parts ;; esac; done
    case $taken in whole) tops+=("$at") ;; parts) add_tops "$at" ;; esac
  done
}
add_tops "$root"
# "Nothing found" must mean that all was read: grep ends altogether at a file that its memory does not hold. A file that has gone
# since it was listed is none.
all_read() {
  local complaints status=0
  { complaints=$("$@" 2>&1 >&3 3>&-) || status=$?; } 3>&1
  complaints=$(printf '%s\\n' "$complaints" | sed -e '/^$/d' -e '/: No such file or directory$/d' | head -n 5)
  if [ "$status" -le 2 ] && [ -z "$complaints" ]; then return 0; fi
  printf '%s\\n' "\${complaints:-it ended with $status}" >&2
  return 1
}
# The files that a command names, in "files".
files_of() {
  files=()
  mapfile -d '' -t files < <(all_read "$@" && printf 'ended\\0')
  if [ \${#files[@]} -eq 0 ] || [ "\${files[-1]}" != ended ]; then echo 'the search of the disk broke off' >&2; exit 1; fi
  unset 'files[-1]'
}
# Those that hold what is asked for.
files_with() { files_of grep -la --null "$@"; }
${changed === undefined ? '' : onlyChanged(changed)}
list_needles() { printf '%s\\n' "$needles"; }
# Whether stdin holds one. Counted to its end: who stops reading breaks the writer's pipe, which would count as nothing found.
holds_one() { [ "$(grep -caF -f <(list_needles) || true)" != 0 ]; }
# The numbers of those that are in a file: only files that hold one come here. No sort, which could write them to the disk.
# One that cannot be named is a secret all the same.
which_needles() {
  local file=$1 numbers number
  shift
  numbers=$({ "$@" <"$file" 2>/dev/null || true; } | { grep -aoF -f <(list_needles) || true; } | awk '!seen[$0]++' |
    { grep -naxF -f - <(list_needles) || true; } | cut -d: -f1)
  for number in \${numbers:-0}; do printf 'secret\\t%s\\t%s\\n' "$file" "$number"; done
}
packed() {
  [ \${#tops[@]} -eq 0 ] || printf '%s\\0' "\${tops[@]}" | xargs -0 -r sh -c 'find "$@" -type f \\( -name "*.gz" -o -name "*.tgz" \\) -print0 2>/dev/null' - || [ $? -eq 123 ]
}
search_packed() {
  [ -n "$needles" ] || return 0
  # All at once first: a system has thousands of small packed files, and hardly ever a secret in one. 123: one was broken.
  { packed | xargs -0 -r gzip -dcq 2>/dev/null || [ $? -eq 123 ]; } | holds_one
  local ended=("\${PIPESTATUS[@]}")
  [ "\${ended[0]}" -eq 0 ] || return 1
  [ "\${ended[1]}" -eq 0 ] || return 0
  while IFS= read -r -d '' file; do
    if { gzip -dcq "$file" 2>/dev/null || true; } | holds_one; then which_needles "$file" gzip -dcq; fi
  done < <(packed)
}
# Few files hold a needle, or one of the texts that each known form has in it. The disk is read once for both, and patterns,
# which take their time, are looked for in those files alone.
list_marks() {
  if [ -n "$needles" ]; then list_needles; fi
  printf '%s\\n' AKIA ASIA ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- xox AIza k_live_ npm_ SG. 'PRIVATE KEY-----' PuTTY-User-Key-File- AGE-SECRET-KEY-1
}
with_pattern() {
  local kind=$1 at file
  shift
  for ((at = 0; at < \${#marked[@]}; at += 1000)); do
    files_with -E "$@" -- "\${marked[@]:at:1000}"
    for file in "\${files[@]}"; do printf '%s\\t%s\\n' "$kind" "$file"; done
  done
}
search_files() {
  local marked=() at file
  for ((at = 1; at <= $#; at += 1000)); do
    files_with -rF --devices=skip -f <(list_marks) -- "\${@:at:1000}"
    marked+=("\${files[@]}")
  done
  if [ -n "$needles" ]; then
    for ((at = 0; at < \${#marked[@]}; at += 1000)); do
      files_with -F -f <(list_needles) -- "\${marked[@]:at:1000}"
      for file in "\${files[@]}"; do which_needles "$file" cat; done
    done
  fi
  with_pattern token -e '\\b(AKIA|ASIA)[0-9A-Z]{16}\\b' -e '\\bgh[pousr]_[A-Za-z0-9]{36}\\b' -e '\\bgithub_pat_[A-Za-z0-9_]{82}\\b' \\
    -e '\\bglpat-[A-Za-z0-9_-]{20}\\b' -e '\\bxox[abprs]-[0-9]{8,}-[0-9A-Za-z-]{20,}' -e '\\bAIza[0-9A-Za-z_-]{35}\\b' \\
    -e '\\b[rs]k_live_[0-9A-Za-z]{24,}\\b' -e '\\bnpm_[A-Za-z0-9]{36}\\b' -e '\\bSG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}'
  with_pattern key -e '^[[:space:]]*-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----[[:space:]]*$' \\
    -e '-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----\\\\n[A-Za-z0-9+/]{40}' -e '^PuTTY-User-Key-File-[0-9]:' \\
    -e '^AGE-SECRET-KEY-1[A-Z0-9]+'
}
# Beside each other, since most machines have two processors. These two hold about as much as all others.
first=() others=()
for at in "\${tops[@]}"; do
  case \${at#"$root"} in /usr/lib | /usr/share) first+=("$at") ;; *) others+=("$at") ;; esac
done
exec 8< <(search_files "\${first[@]}" </dev/null && echo ended) 9< <(search_packed </dev/null && echo ended)
search_files "\${others[@]}"
# As large as they like, and hardly a line in them: their zeros part them.
if [ -n "$needles" ]; then
  for swap in "\${swaps[@]}"; do
    if [ -f "$swap" ] && tr '\\0' '\\n' <"$swap" | holds_one; then which_needles "$swap" tr '\\0' '\\n'; fi
  done
fi
print_all() {
  local found=$1
  if [ "\${found##*$'\\n'}" != ended ]; then echo "the search of $2 broke off" >&2; exit 1; fi
  printf '%s\\n' "\${found%ended}"
}
print_all "$(cat <&8)" 'the disk'
print_all "$(cat <&9)" 'packed files'
for file in "$root"/root/.ssh/authorized_keys "$root"/home/*/.ssh/authorized_keys "$root"/etc/anny/pull_keys; do
  if [ -s "$file" ]; then printf 'login\\t%s\\n' "$file"; fi
done
for file in "$root"/etc/shadow "$root"/etc/shadow-; do
  if [ -r "$file" ]; then awk -F: -v file="$file" '$2 ~ /\\$/ {print "password\\t" file " (" $1 ")"}' "$file"; fi
done
`;
}

function onlyChanged({ since = SINCE_START, searchedAt }: Changed): string {
  return `since=$(
${since}
)
changed=(-newerct "@$since" -o -fstype vfat)
${searchedAt === undefined ? '' : sinceSearch(searchedAt)}
[ \${#tops[@]} -eq 0 ] || files_of find "\${tops[@]}" -type f \\( "\${changed[@]}" \\) -print0
tops=("\${files[@]}")
# What is written to swap changes no date, and one that is off now may have been on.
while read -r swap _ kind _; do
  if [ "$kind" = swap ] && [ -f "$root$swap" ] && [[ " \${swaps[*]} " != *" $root$swap "* ]]; then tops+=("$root$swap"); fi
done < <(cat "$root/etc/fstab" 2>/dev/null || true)`;
}

/** Was there before the search, so that its dates tell whether the disk has kept them. */
const EARLIER = '/etc/anny/image.json';

/** A cloud that copies its disks file by file gives all of them a new ctime; there mtime must do for what came while the builder stopped. */
function sinceSearch(searchedAt: string): string {
  return `if [ -f "$root${EARLIER}" ] && [ -z "$(find "$root${EARLIER}" -newerct @${searchedAt})" ]; then
  changed+=(-o -newerct @${searchedAt})
else
  changed+=(-o -newermt @${searchedAt})
fi`;
}

/** What a search looks for besides needles, and how: two that differ in it are two kinds of search. */
export function kindOfSearch(): string {
  const script = searchScript({ changed: { searchedAt: '0' } });
  return [script, KNOWN_TEST_KEYS.source, OWN_AFTER_BOOT.source].join('\n');
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
    if (kind === 'token' && !KNOWN_TEST_KEYS.test(file)) return [`${file} holds an access token of a known form`];
    if (kind === 'login') return [`${file} lets somebody in`];
    // A password that the account gave the booted machine is no part of the image.
    return kind === 'password' && when === 'cleaned' ? [`${file} has a password`] : [];
  });
}

/** When a search began, by the clock of the machine that it searched: seconds since 1970. */
export function readBegan(output: string): string {
  return /^began\t(\d+\.\d+)$/m.exec(output)?.[1] ?? '0';
}

/** Searches a booted machine; SECRET_IN_IMAGE names every file. */
export async function searchBooted(shell: Shell, settings: Settings, place: SearchPlace = {}): Promise<number> {
  const needles = needlesOf(settings);
  const output = await shell.run(searchScript(place), { stdin: needleStream(needles), timeoutMs: SEARCH_TIMEOUT_MS });
  refuseHits(readHits(output, needles, 'booted'));
  return needles.length;
}

export function refuseHits(hits: readonly string[]): void {
  if (hits.length === 0) return;
  throw new AnnyError('SECRET_IN_IMAGE', {
    doing: 'searching the image for secrets',
    found: [...new Set(hits)].join('; '),
    next: 'no snapshot was kept; take it out of what puts it there (Dockerfile, .dockerignore, templates), and bake again',
  });
}
