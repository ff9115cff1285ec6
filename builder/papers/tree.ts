/** Of a whole tree: what kind each file is, who may do what with it, and what is in it. */

const KEYS = 'type,mode,uname,gname,link';

/** What is written when a Python program runs, and what is about the image itself: for mtree's -X, and for find. */
export const NOT_LISTED = './share/anny __pycache__';
const notListed = (tree: string): string => `\\( -path ${tree}/share/anny -o -name __pycache__ \\) -prune -o`;

/**
 * From a list of files without checksums on stdin, one with them: checksums of what has changed from the first file, of the rest
 * from an earlier list. mtree writes names as vis(3) does.
 */
const WITH_SUMS = `
BEGIN {
  for (at = 1; at < 256; at++) code[sprintf("%c", at)] = at
  split("a 7 b 8 f 12 n 10 r 13 s 32 t 9 v 11", pairs, " ")
  for (at = 1; at < 16; at += 2) short[pairs[at]] = sprintf("%c", pairs[at + 1] + 0)
}
function control(sign) { return sign == "?" ? 127 : code[sign] - 64 }
function plain(name,  out, at, sign) {
  while (at = index(name, "\\\\")) {
    out = out substr(name, 1, at - 1)
    name = substr(name, at + 1)
    sign = substr(name, 1, 1)
    if (name ~ /^[0-3][0-7][0-7]/) { out = out sprintf("%c", sign * 64 + substr(name, 2, 1) * 8 + substr(name, 3, 1)); name = substr(name, 4) }
    else if (name ~ /^M-/) { out = out sprintf("%c", code[substr(name, 3, 1)] + 128); name = substr(name, 4) }
    else if (name ~ /^M\\^/) { out = out sprintf("%c", control(substr(name, 3, 1)) + 128); name = substr(name, 4) }
    else if (sign == "^") { out = out sprintf("%c", control(substr(name, 2, 1))); name = substr(name, 3) }
    else { out = out (sign in short ? short[sign] : sign); name = substr(name, 2) }
  }
  return out name
}
from == "changed" { sums[substr($0, 67)] = substr($0, 1, 64); next }
from == "earlier" { if (match($0, / sha256=[0-9a-f]+/)) known[$1] = substr($0, RSTART + 8, 64); next }
!/ type=file / { print; next }
{
  name = plain($1)
  sum = name in sums ? sums[name] : known[$1]
  if (sum == "") exit 1
  print $0 "sha256=" sum " "
}`;

/**
 * Shell that prints "tree<TAB>digest", over a list for mtree of what is in "$tree", and leaves that list at "$keep", where that is not
 * empty; nothing where mtree is not installed. In two halves at once, since mtree reckons on one processor; a path a line, so that
 * they can follow each other.
 *
 * A list that lies there from the image below saves reading again what has not changed since the machine started. It bears the
 * time at which it was begun.
 * @param since Shell that prints when that was, in seconds since 1970.
 */
export function treeScript(since: string): string {
  return `if command -v mtree >/dev/null; then
  cd "$tree"
  if [ -n "$keep" ]; then install -d -m 0755 "\${keep%/*}"; fi
  sums='' since='' began=$(date +%s.%N)
  if [ -n "$keep" ] && [ -f "$keep" ]; then
    since=$(
${since}
)
    if [ -n "$(find "$keep" -newerct "@$since")" ] || [ -n "$(find . -name $'*\\n*' -print -quit)" ]; then since=''; fi
  fi
  # Also all below a directory that has changed: it may have taken another's name.
  changed() {
    find . ${notListed('.')} -type d -newerct "@$since" -print0 | xargs -0 -r sh -c 'find "$@" -name __pycache__ -prune -o -type f -print0' -
    find . ${notListed('.')} -type f -newerct "@$since" -print0
  }
  # One that has gone meanwhile: then all of it is read.
  if [ -n "$since" ]; then sums=$(changed | sort -zu | xargs -0 -r sha256sum -z -- | tr '\\0' '\\n') || since=''; fi
  list_without() {
    local keys=$1
    shift
    mtree -c -k "$keys" -X <(printf '%s\\n' ${NOT_LISTED} "$@") -p "$tree" | mtree -C -k "$keys"
  }
  known_without() { list_without ${KEYS} "$@" | awk '${WITH_SUMS}' from=changed <(printf '%s\\n' "$sums") from=earlier "$keep" from=now -; }
  tree_without() {
    local list
    if [ -n "$since" ] && list=$(known_without "$@"); then printf '%s\\n' "$list"; else list_without ${KEYS},sha256 "$@"; fi
  }
  others=()
  for name in ./* ./.[!.]*; do if [ "$name" != ./lib ] && { [ -e "$name" ] || [ -L "$name" ]; }; then others+=("$name"); fi; done
  exec 8< <(tree_without "\${others[@]}" && echo ended)
  rest=$(tree_without ./lib)
  lib=$(sed 1d <&8)
  if [ "\${lib##*$'\\n'}" != ended ]; then echo "the list of $tree broke off" >&2; exit 1; fi
  list=$(printf '%s\\n' "$rest" "\${lib%ended}")
  printf 'tree\\t%s\\n' "$(sha256sum <<<"$list" | cut -d' ' -f1)"
  if [ -n "$keep" ]; then cat <<<"$list" > "$keep"; touch -d "@$began" "$keep"; fi
fi`;
}

/** Shell for a machine that is to be an image: a list may hold what has changed since it was begun as it was, and none may go by that. */
export function dropStaleList(tree: string, list: string): string {
  return `if [ -f ${list} ] && [ -n "$(find ${tree} ${notListed(tree)} -newercm ${list} -print -quit)" ]; then rm ${list}; fi`;
}
