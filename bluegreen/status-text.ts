import pc from 'picocolors';
import { moneyText, usd } from '../cloud/money.ts';
import type { Issuer } from '../machine/box.ts';
import { age } from './age.ts';
import { budgetText } from './issuer-budget.ts';
import type { MachineView, StatusView } from './status.ts';

/** `status` for people: who serves, where the name leads, how old the backup is, and what to do next. */
export function statusText(view: StatusView): string {
  const wrong = view.nameServers.filter(({ right }) => !right);
  const name =
    view.nameServers.length > 0 && wrong.length === 0
      ? `${view.record ?? '-'}, all ${view.nameServers.length} name servers agree`
      : `${view.record ?? 'no record'}; ${view.nameServers.map(({ server, says }) => `${server} says ${says || 'nothing'}`).join('; ') || 'no name server answers'}`;
  return [
    pc.bold(`${view.name} (${view.environment})`),
    '',
    ...machineLines(view),
    '',
    `name         ${wrong.length === 0 ? name : pc.yellow(name)}`,
    ...reservedIpLines(view),
    `certificate  ${certificateLine(view)}`,
    ...issuerLines(view),
    `backup       ${backupLine(view)}`,
    ...proofLines(view),
    ...costLines(view),
    '',
    ...commandLines(view),
    `next  ${pc.bold(view.next.command)}`,
    `      ${view.next.why}`,
    '',
  ].join('\n');
}

function costLines({ cost }: StatusView): string[] {
  const text = (amount: number): string => moneyText(usd(amount));
  const { machinesMonthlyUsd: machines, imagesMonthlyUsd: images, removableMonthlyUsd: removable } = cost;
  return [
    `cost         ${text(machines + images)} a month: machines ${text(machines)}, images ${text(images)}`,
    ...(removable === 0
      ? []
      : [pc.yellow(`             ${text(removable)} of it for what nothing needs: anny-bluegreen cost`)]),
  ];
}

function reservedIpLines({ reservedIp, writer }: StatusView): string[] {
  if (reservedIp === null) return [];
  const line = `${reservedIp.address}, attached to ${reservedIp.attachedTo ?? 'nothing'}`;
  return [`reserved IP  ${reservedIp.attachedTo === writer ? line : pc.yellow(line)}`];
}

function commandLines({ running, interrupted, now }: StatusView): string[] {
  const line = (what: string, one: StatusView['running']): string[] => {
    if (one === null) return [];
    const reason = one.reason === '' ? '' : ` (${one.reason})`;
    return [pc.yellow(`${what} ${one.command}, by ${one.holder}, begun ${age(now - one.since)} ago${reason}`)];
  };
  const lines = [...line('running     ', running), ...line('interrupted ', interrupted)];
  return lines.length === 0 ? [] : [...lines, ''];
}

function machineLines(view: StatusView): string[] {
  if (view.machines.length === 0) return ['no machines'];
  const rows = view.machines.map((one) => [
    one.release,
    one.address,
    one.role,
    one.image,
    one.app,
    one.since === 0 ? '' : `${age(view.now - one.since)} ago`,
    [one.detail, kept(one, view.now)].filter((part) => part !== '').join('; '),
  ]);
  const table = [['RELEASE', 'ADDRESS', 'ROLE', 'IMAGE', 'APP', 'SINCE', ''], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table.map((row, index) => {
    const line = row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
    return row[2] === 'writer' ? pc.green(line) : index === 0 ? pc.dim(line) : line;
  });
}

function kept(machine: MachineView, now: number): string {
  if (machine.keepUntil === 0) return '';
  return machine.keepUntil > now ? `kept another ${age(machine.keepUntil - now)}` : 'past its window';
}

function certificateLine({ certificate, now }: StatusView): string {
  if (certificate === null || certificate.kind === 'none') return '-';
  if (certificate.kind !== 'issued') return pc.yellow('none issued yet: only health is served, by HTTP');
  return `${certificate.kind} by ${certificate.issuer}, good for another ${age(certificate.notAfter - now)}`;
}

function issuerLines({ issuer, certificate, now }: StatusView): string[] {
  if (issuer === null) return [];
  const used = budgetText(issuer);
  const quiet = issuer.failures === 0 && certificate?.kind === 'issued';
  if (quiet) return [`             ${used}`];
  return [`             ${used}`, ...troubleLines(issuer, now).map((line) => pc.yellow(`             ${line}`))];
}

function troubleLines({ failures, failure, nextTryAt }: Issuer, now: number): string[] {
  if (failures === 0) return [];
  const times = failures === 1 ? 'once' : `${failures} times in a row`;
  const next =
    nextTryAt > now ? `not asked again before ${age(nextTryAt - now)} from now` : 'asked again at the next turn';
  return [`it refused ${times}: ${failure}`, next];
}

function backupLine({ backups, now }: StatusView): string {
  if (!backups.configured) return pc.yellow('none: backup.repository is empty');
  const saved =
    backups.savedAt === 0 ? '' : `; all that was written until ${age(now - backups.savedAt)} ago is in a backup`;
  if (!backups.offMachine) return `${pc.yellow('on the machine itself: backup.repository is a path')}${saved}`;
  if (backups.problem !== '') return `${pc.yellow(`cannot be listed: ${backups.problem}`)}${saved}`;
  if (backups.newest === null) return pc.yellow('none yet');
  return `${backups.newest.name}, ${age(now - backups.newest.at)} old${saved}`;
}

function proofLines({ backups: { configured, offMachine, proof }, now }: StatusView): string[] {
  if (!configured || !offMachine) return [];
  if (proof === null) return [pc.yellow('restorable   not proved yet: anny-bluegreen drill')];
  const took = (proof.tookMs / 1000).toFixed(0);
  return [`restorable   proved ${age(now - proof.at)} ago by a ${proof.by}: an app that was well after ${took} s`];
}
