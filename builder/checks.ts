import { parseYaml } from '../config/yaml-file.ts';
import { quote } from '../machine/ssh-shell.ts';
import { command, file, firewall, http, jail, packageCheck, portCheck, service, user } from './check-kinds.ts';
import type { Definition } from './definition.ts';
import { placeIn } from './definition-problems.ts';
import type { ImageTests } from './definition-schema.ts';

export interface CheckResult {
  /** "service nginx is running" */
  readonly name: string;
  readonly ok: boolean;
  /** What was found instead; "" when it holds. */
  readonly found: string;
}

/**
 * All tests of a chain as one script for the machine: each prints a line "ok|bad<TAB>name<TAB>found". Later definitions add to
 * earlier ones; none takes back.
 */
export function checksScript(chain: readonly Definition[]): string {
  return [PRELUDE, ...checksOf(chain).map(({ script }) => script)].join('\n');
}

export function readChecks(output: string): readonly CheckResult[] {
  return output.split('\n').flatMap((line) => {
    const [verdict, name, found = ''] = line.split('\t');
    return (verdict === 'ok' || verdict === 'bad') && name !== undefined ? [{ name, ok: verdict === 'ok', found }] : [];
  });
}

export function countChecks(chain: readonly Definition[]): number {
  return checksOf(chain).length;
}

/**
 * expect NAME COMMAND [SHOW]: it succeeds; else what SHOW prints was found. refuse NAME COMMAND: it fails, and not because there
 * is no such command. same NAME WANTED COMMAND: it prints exactly that. prints NAME PATTERN COMMAND: a line of it matches.
 */
const PRELUDE = `set +e
ask() { all=$(bash -c "$1" 2>&1 </dev/null); code=$?; return "$code"; }
last_lines() { said=$(tail -n 3 <<<"$all" | tr -s '\\n\\t ' ' ' | sed 's/ *$//'); }
good() { printf 'ok\\t%s\\n' "$1"; }
bad() { printf 'bad\\t%s\\t%s\\n' "$1" "$2"; }
expect() {
  if ask "$2"; then good "$1"; return; fi
  if [ $# -gt 2 ]; then ask "$3"; last_lines; bad "$1" "found \${said:-nothing}"; else last_lines; bad "$1" "\${said:-exit $code}"; fi
}
refuse() {
  ask "$2"; last_lines
  case $code in 0) bad "$1" "it succeeds\${said:+ and says $said}" ;; 126 | 127) bad "$1" "it cannot be run: $said" ;; *) good "$1" ;; esac
}
same() { ask "$3"; last_lines; if [ "$said" = "$2" ]; then good "$1"; else bad "$1" "found \${said:-nothing}"; fi; }
prints() { ask "$3"; if grep -qE -- "$2" <<<"$all"; then good "$1"; else last_lines; bad "$1" "found \${said:-nothing}"; fi; }
ufw_status=$(ufw status verbose 2>&1); export ufw_status`;

/** "images/base.yaml:41:7  tests.ports.0" of each check, in the order in which a machine answers them. */
export function placesOfChecks(chain: readonly Definition[]): readonly string[] {
  return checksOf(chain).map(({ where }) => where);
}

interface Check {
  readonly script: string;
  readonly where: string;
}

function checksOf(chain: readonly Definition[]): Check[] {
  return [...chain.flatMap(ownChecks), ...nothingElseOpen(chain)];
}

function ownChecks({ tests, text, file: name }: Definition): Check[] {
  const yaml = parseYaml(text, name);
  const each = <T>(kind: keyof ImageTests, list: readonly T[], make: (one: T) => string | string[]): Check[] =>
    list.flatMap((one, index) => {
      const where = placeIn(yaml, ['tests', kind, String(index)]);
      return [make(one)].flat().map((script) => ({ script, where }));
    });
  return [
    ...each('services', tests.services, service),
    ...each('ports', tests.ports, portCheck),
    ...each('packages', tests.packages, packageCheck),
    ...each('http', tests.http, http),
    ...each('users', tests.users, user),
    ...each('files', tests.files, file),
    ...each('firewall', tests.firewall, firewall),
    ...each('jails', tests.jails, jail),
    ...each('commands', tests.commands, command),
  ];
}

/** Of a chain that says what is open: all that is open. */
function nothingElseOpen(chain: readonly Definition[]): Check[] {
  const rules = chain.flatMap(({ tests }) => tests.firewall);
  const open = rules.flatMap((rule) => ('allow' in rule ? [rule.allow] : 'limit' in rule ? [rule.limit] : []));
  if (rules.length === 0) return [];
  const others = `grep -E ' (ALLOW|LIMIT) IN ' <<<"$ufw_status" | grep -vE '^(${['-', ...open].join('|')})( \\(v6\\))? ' | tr -s ' '`;
  const script = `same ${quote('firewall: nothing else is open')} "" ${quote(others)}`;
  return [{ script, where: chain.map(({ file }) => file).join(', ') }];
}
