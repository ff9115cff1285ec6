import { bare } from '../../machine/key-file.ts';

/** What runs beside .ssh/authorized_keys; the key comes by stdin. */
export interface KeyChange {
  readonly command: string;
  readonly stdin: string;
}

// Whole or not at all, one after another, and on the disk before it counts. An empty one would let nobody in.
const BEGIN = `set -e; umask 077; cd .ssh; exec 9<.; flock -w 20 9; read -r blob; read -r key
rm -f .next.*; new=.next.$$`;
const END = `grep -q '^[a-z]' "$new"; sync "$new"; mv -f "$new" authorized_keys; sync .`;
const IS_THERE = `grep -v '^[[:space:]]*#' authorized_keys | grep -qF -e "$blob"`;

/** A last line without its end gets one. */
const ADD = `${BEGIN}
if ${IS_THERE}; then exit 0; fi
{ grep '' authorized_keys; printf '%s\\n' "$key"; } >"$new"
${END}`;
const REMOVE = `${BEGIN}
if ! ${IS_THERE}; then exit 0; fi
grep -vF -e "$blob" authorized_keys >"$new"
${END}`;

export function addKey(key: string): KeyChange {
  return { command: ADD, stdin: linesOf(key) };
}

export function removeKey(key: string): KeyChange {
  return { command: REMOVE, stdin: linesOf(key) };
}

/** Comments may differ, the key's own word does not. */
function linesOf(key: string): string {
  const blob = bare(key).split(' ')[1];
  if (blob === undefined || blob === '' || /[\r\n]/.test(key.trim())) throw new Error('not one public key');
  return `${blob}\n${key.trim()}\n`;
}
