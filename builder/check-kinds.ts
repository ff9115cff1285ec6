import { quote } from '../machine/ssh-shell.ts';
import type { ImageTests } from './definition-schema.ts';

/** Each kind of test of a definition as shell, in the words of the prelude of checks.ts. */

export function service({ name, state }: ImageTests['services'][number]): string {
  const title = quote(`service ${name} is ${state}`);
  const [wanted, asked] = state === 'running' ? ['active', 'is-active'] : [state, 'is-enabled'];
  const there = `[ "$(systemctl show -p LoadState --value ${name})" != not-found ]`;
  return `same ${title} ${wanted} ${quote(`if ${there}; then systemctl ${asked} ${name}; else echo no such unit; fi`)}`;
}

export function portCheck(one: ImageTests['ports'][number]): string {
  const { port, protocol } = one;
  const flag = protocol === 'tcp' ? '-Hltn' : '-Hlun';
  const local = `ss ${flag} 'sport = :${port}' | awk '{print $4}'`;
  if ('address' in one) {
    const only = `${local} | sed 's/:[0-9]*$//; s/^\\[//; s/\\]$//' | sort -u`;
    return `same ${quote(`port ${port}/${protocol} listens on ${one.address} alone`)} ${quote(one.address)} ${quote(only)}`;
  }
  const { from } = one;
  const title = quote(`port ${port}/${protocol} is ${from === 'closed' ? 'closed' : `open to ${from}`}`);
  if (from === 'closed') return `same ${title} "" ${quote(local)}`;
  const wanted =
    from === 'localhost'
      ? `${local} | grep -q . && ! ${local} | grep -qvE '^(127\\.|\\[::1\\])'`
      : `${local} | grep -qE '^(0\\.0\\.0\\.0|\\*|\\[::\\])'`;
  return `expect ${title} ${quote(wanted)} ${quote(local)}`;
}

export function user({ name, uid, groups, not_groups: notGroups }: ImageTests['users'][number]): string[] {
  const has = (group: string): string => `id -nG ${name} | tr ' ' '\\n' | grep -qx ${group}`;
  const groupsOf = quote(`id -nG ${name}`);
  return [
    ...(uid === undefined
      ? [`expect ${quote(`user ${name} exists`)} ${quote(`id ${name}`)}`]
      : [`same ${quote(`user ${name} has uid ${uid}`)} ${uid} ${quote(`id -u ${name}`)}`]),
    ...groups.map((group) => `expect ${quote(`user ${name} is in group ${group}`)} ${quote(has(group))} ${groupsOf}`),
    // A user who is not there is in no group, and that is not meant.
    ...notGroups.map(
      (group) =>
        `expect ${quote(`user ${name} is not in group ${group}`)} ${quote(`id ${name} >/dev/null && ! ${has(group)}`)} ${groupsOf}`,
    ),
  ];
}

export function file({ path, owner, mode, contains, absent }: ImageTests['files'][number]): string[] {
  const there = `test -e ${quote(path)} || test -L ${quote(path)}`;
  const look = quote(`ls -ld ${quote(path)} 2>/dev/null`);
  if (absent) return [`expect ${quote(`${path} is absent`)} ${quote(`! { ${there}; }`)} ${look}`];
  const octal = mode === undefined ? undefined : String(Number(mode));
  return [
    `expect ${quote(`${path} is there`)} ${quote(there)} ${look}`,
    ...(owner === undefined
      ? []
      : [`same ${quote(`${path} belongs to ${owner}`)} ${owner} ${quote(`stat -c '%U:%G' ${quote(path)}`)}`]),
    ...(octal === undefined
      ? []
      : [`same ${quote(`${path} has mode ${octal}`)} ${octal} ${quote(`stat -c %a ${quote(path)}`)}`]),
    ...(contains === undefined
      ? []
      : [
          `expect ${quote(`${path} contains ${contains}`)} ${quote(`grep -qF -- ${quote(contains)} ${quote(path)}`)} ${quote(`tail -n 3 ${quote(path)}`)}`,
        ]),
  ];
}

export function firewall(rule: ImageTests['firewall'][number]): string {
  const holds = (title: string, pattern: string, show: string): string =>
    `expect ${quote(`firewall: ${title}`)} ${quote(`grep -qE ${quote(pattern)} <<<"$ufw_status"`)} ${quote(`grep -E ${quote(show)} <<<"$ufw_status"`)}`;
  if ('default' in rule) {
    return holds(
      `incoming is ${rule.default} by default`,
      `^Default: ${rule.default} \\(incoming\\)`,
      '^Default:|^Status:',
    );
  }
  const [kind, what] = 'allow' in rule ? ['ALLOW', rule.allow] : ['LIMIT', rule.limit];
  return holds(`${what} ${kind.toLowerCase()}`, `^${what} +${kind} IN`, `^${what} `);
}

export function jail({ name, maxretry, bantime, findtime }: ImageTests['jails'][number]): string {
  const get = (what: string): string => `fail2ban-client get ${name} ${what}`;
  const wanted = `${maxretry} ${bantime} ${findtime}`;
  // Of a jail that is not there it says so in a line, and in its log's words.
  const all = `no=$(${get('maxretry')} 2>&1) || { grep -v ' NOK: ' <<<"$no"; exit; }; ${get('maxretry')}; ${get('bantime')}; ${get('findtime')}`;
  return `same ${quote(`jail ${name}: ${maxretry} retries, ban ${bantime} s, window ${findtime} s`)} ${quote(wanted)} ${quote(all)}`;
}

export function command({ run, succeeds, prints }: ImageTests['commands'][number]): string {
  // One line of output is one check, so its name is one line too.
  const title = run.trim().replaceAll(/\s+/g, ' ');
  if (prints !== undefined) return `prints ${quote(`${title} prints ${prints}`)} ${quote(prints)} ${quote(run)}`;
  return `${succeeds ? 'expect' : 'refuse'} ${quote(succeeds ? title : `not: ${title}`)} ${quote(run)}`;
}

export function packageCheck({ name, at_least: least, absent }: ImageTests['packages'][number]): string {
  const version = `dpkg-query -W -f='\${db:Status-Abbrev}\${Version}' ${quote(name)} 2>/dev/null | sed -n 's/^ii *//p'`;
  if (absent) return `same ${quote(`package ${name} is absent`)} "" ${quote(version)}`;
  if (least === undefined)
    return `expect ${quote(`package ${name} is installed`)} ${quote(`${version} | grep -q .`)} ${quote(version)}`;
  const newer = `dpkg --compare-versions "$(${version})" ge ${quote(least)} && ${version} | grep -q .`;
  return `expect ${quote(`package ${name} is ${least} or newer`)} ${quote(newer)} ${quote(version)}`;
}

/** As the machine itself asks; it has no certificate yet that could be judged. */
export function http({ url, status, contains }: ImageTests['http'][number]): string[] {
  const curl = `curl -sSk --max-time 10 ${quote(url)}`;
  const code = `code=$(${curl} -o /dev/null -w '%{http_code}') && echo "$code"`;
  return [
    `same ${quote(`${url} answers ${status}`)} ${status} ${quote(code)}`,
    ...(contains === undefined
      ? []
      : [
          `expect ${quote(`${url} says ${contains}`)} ${quote(`${curl} | grep -qF -- ${quote(contains)}`)} ${quote(`${curl} | head -c 300`)}`,
        ]),
  ];
}
