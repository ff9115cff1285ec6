import { quote } from '../machine/ssh-shell.ts';
import type { Definition } from './definition.ts';
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
  return [PRELUDE, ...chain.flatMap(({ tests }) => checksOf(tests))].join('\n');
}

export function readChecks(output: string): readonly CheckResult[] {
  return output.split('\n').flatMap((line) => {
    const [verdict, name, found = ''] = line.split('\t');
    return (verdict === 'ok' || verdict === 'bad') && name !== undefined ? [{ name, ok: verdict === 'ok', found }] : [];
  });
}

export function countChecks(chain: readonly Definition[]): number {
  return chain.flatMap(({ tests }) => checksOf(tests)).length;
}

/** expect NAME COMMAND: the command succeeds. same NAME WANTED COMMAND: it prints exactly that. */
const PRELUDE = `set +e
expect() { local name=$1 said; said=$(bash -c "$2" 2>&1 </dev/null); if [ $? -eq 0 ]; then printf 'ok\\t%s\\n' "$name"; else printf 'bad\\t%s\\t%s\\n' "$name" "$(tail -n 2 <<<"$said" | tr '\\n\\t' '  ')"; fi; }
refuse() { local name=$1; if bash -c "$2" >/dev/null 2>&1 </dev/null; then printf 'bad\\t%s\\tit succeeds\\n' "$name"; else printf 'ok\\t%s\\n' "$name"; fi; }
same() { local name=$1 said; said=$(bash -c "$3" 2>&1 </dev/null | tr '\\n\\t' '  '); said=\${said% }; if [ "$said" = "$2" ]; then printf 'ok\\t%s\\n' "$name"; else printf 'bad\\t%s\\tfound "%s"\\n' "$name" "$said"; fi; }
prints() { local name=$1 said; said=$(bash -c "$3" 2>&1 </dev/null); if grep -qE -- "$2" <<<"$said"; then printf 'ok\\t%s\\n' "$name"; else printf 'bad\\t%s\\tfound "%s"\\n' "$name" "$(tail -n 2 <<<"$said" | tr '\\n\\t' '  ')"; fi; }
ufw_status=$(ufw status verbose 2>/dev/null); export ufw_status`;

function checksOf(tests: ImageTests): string[] {
  return [
    ...tests.services.map(service),
    ...tests.ports.map(portCheck),
    ...tests.users.flatMap(user),
    ...tests.files.flatMap(file),
    ...tests.firewall.map(firewall),
    ...tests.jails.map(jail),
    ...tests.commands.map(command),
  ];
}

function service({ name, state }: ImageTests['services'][number]): string {
  const title = quote(`service ${name} is ${state}`);
  if (state === 'running') return `same ${title} active ${quote(`systemctl is-active ${name}`)}`;
  return `same ${title} ${state} ${quote(`systemctl is-enabled ${name}`)}`;
}

function portCheck({ port, protocol, from }: ImageTests['ports'][number]): string {
  const flag = protocol === 'tcp' ? '-Hltn' : '-Hlun';
  const local = `ss ${flag} 'sport = :${port}' | awk '{print $4}'`;
  const title = quote(`port ${port}/${protocol} is ${from === 'closed' ? 'closed' : `open to ${from}`}`);
  if (from === 'closed') return `same ${title} "" ${quote(local)}`;
  if (from === 'localhost')
    return `expect ${title} ${quote(`${local} | grep -q . && ! ${local} | grep -qvE '^(127\\.|\\[::1\\])'`)}`;
  return `expect ${title} ${quote(`${local} | grep -qE '^(0\\.0\\.0\\.0|\\*|\\[::\\])'`)}`;
}

function user({ name, uid, groups, not_groups: notGroups }: ImageTests['users'][number]): string[] {
  const inGroup = (group: string): string => quote(`id -nG ${name} | tr ' ' '\\n' | grep -qx ${group}`);
  return [
    ...(uid === undefined
      ? [`expect ${quote(`user ${name} exists`)} ${quote(`id ${name}`)}`]
      : [`same ${quote(`user ${name} has uid ${uid}`)} ${uid} ${quote(`id -u ${name}`)}`]),
    ...groups.map((group) => `expect ${quote(`user ${name} is in ${group}`)} ${inGroup(group)}`),
    ...notGroups.map((group) => `refuse ${quote(`user ${name} is not in ${group}`)} ${inGroup(group)}`),
  ];
}

function file({ path, owner, mode, contains, absent }: ImageTests['files'][number]): string[] {
  if (absent) return [`refuse ${quote(`${path} is absent`)} ${quote(`test -e ${quote(path)}`)}`];
  const octal = mode === undefined ? undefined : String(Number(mode));
  return [
    `expect ${quote(`${path} is there`)} ${quote(`test -e ${quote(path)}`)}`,
    ...(owner === undefined
      ? []
      : [`same ${quote(`${path} belongs to ${owner}`)} ${owner} ${quote(`stat -c '%U:%G' ${quote(path)}`)}`]),
    ...(octal === undefined
      ? []
      : [`same ${quote(`${path} has mode ${octal}`)} ${octal} ${quote(`stat -c %a ${quote(path)}`)}`]),
    ...(contains === undefined
      ? []
      : [`expect ${quote(`${path} contains ${contains}`)} ${quote(`grep -qF -- ${quote(contains)} ${quote(path)}`)}`]),
  ];
}

function firewall(rule: ImageTests['firewall'][number]): string {
  if ('default' in rule)
    return `expect ${quote(`firewall: incoming is ${rule.default} by default`)} ${quote(`grep -q '^Default: ${rule.default} (incoming)' <<<"$ufw_status"`)}`;
  const [kind, what] = 'allow' in rule ? ['ALLOW', rule.allow] : ['LIMIT', rule.limit];
  return `expect ${quote(`firewall: ${what} ${kind.toLowerCase()}`)} ${quote(`grep -qE '^${what} +${kind} IN' <<<"$ufw_status"`)}`;
}

function jail({ name, maxretry, bantime, findtime }: ImageTests['jails'][number]): string {
  const get = (what: string): string => `fail2ban-client get ${name} ${what}`;
  const wanted = `${maxretry} ${bantime} ${findtime}`;
  return `same ${quote(`jail ${name}: ${maxretry} retries, ban ${bantime} s, window ${findtime} s`)} ${quote(wanted)} ${quote(`${get('maxretry')}; ${get('bantime')}; ${get('findtime')}`)}`;
}

function command({ run, succeeds, prints }: ImageTests['commands'][number]): string {
  if (prints !== undefined) return `prints ${quote(run)} ${quote(prints)} ${quote(run)}`;
  return `${succeeds ? 'expect' : 'refuse'} ${quote(succeeds ? run : `not: ${run}`)} ${quote(run)}`;
}
