import pc from 'picocolors';
import type { BoxStatus, Processes } from '../machine/box.ts';
import { age } from './age.ts';

/** Answer of `ps`; as JSON it is printed as it is. */
export interface ProcessesView extends Processes, Pick<BoxStatus, 'role' | 'certificate' | 'failedUnits' | 'now'> {
  readonly release: string;
  readonly address: string;
}

const MIB = 1024 * 1024;
const WELL = ['active', 'inactive', 'activating', 'deactivating'];

/** `ps` for people: one line for each thing that runs, what is not well in yellow. */
export function processesText(view: ProcessesView, publicName: string): string {
  return [
    pc.bold(`${publicName}  ${view.release}  ${view.address}  ${view.role}`),
    '',
    `container    ${containerLine(view)}`,
    `nginx        ${nginxLine(view)}`,
    `certificate  ${certificateLine(view)}`,
    ...view.services.map((unit, index) => `${index === 0 ? 'services' : '        '}     ${unitLine(unit)}`),
    ...(view.jobs.length === 0 ? ['jobs         none in this image'] : []),
    ...view.jobs.map((unit, index) => `${index === 0 ? 'jobs' : '    '}         ${unitLine(unit)}`),
    ...timerLines(view),
    `failed       ${view.failedUnits.length === 0 ? 'none' : pc.yellow(view.failedUnits.join(', '))}`,
    '',
  ].join('\n');
}

function containerLine({ container, role, now }: ProcessesView): string {
  if (container === null) return role === 'writer' ? pc.yellow('none') : `none, as on every ${role}`;
  const { name, image, state, health, startedAt, restarts, exitCode, memoryBytes } = container;
  const running = state === 'running';
  const words = [
    `${name} (${image})`,
    health === '' ? state : `${state}, ${health}`,
    running ? `for ${age(now - Date.parse(startedAt) / 1000)}` : `exit ${exitCode}`,
    `${restarts} restarts`,
    ...(running && memoryBytes > 0 ? [`${Math.round(memoryBytes / MIB)} MiB`] : []),
  ].join(', ');
  return role === 'writer' && (!running || health === 'unhealthy') ? pc.yellow(words) : words;
}

function nginxLine({ nginx }: ProcessesView): string {
  const load = `${nginx.connections} connections, ${nginx.underWay} requests under way`;
  return nginx.configuration === 'ok' ? `configuration ok, ${load}` : `${pc.yellow('configuration broken')}, ${load}`;
}

function certificateLine({ certificate: { kind, issuer, notAfter }, now }: ProcessesView): string {
  if (kind !== 'issued') return pc.yellow('none issued');
  return `by ${issuer}, good for another ${age(notAfter - now)}`;
}

function unitLine({ name, state, sub, result }: Processes['services'][number]): string {
  const words = `${name.padEnd(22)} ${state} (${sub})${['', 'success'].includes(result) ? '' : `, last: ${result}`}`;
  return WELL.includes(state) ? words : pc.yellow(words);
}

function timerLines({ timers, now }: ProcessesView): string[] {
  return timers.map(({ name, nextAt, lastAt }, index) => {
    const next = nextAt === 0 ? 'not planned' : `in ${age(Math.max(0, nextAt - now))}`;
    const last = lastAt === 0 ? 'never yet' : `${age(Math.max(0, now - lastAt))} ago`;
    return `${index === 0 ? 'timers' : '      '}       ${name.padEnd(22)} next ${next}, last ${last}`;
  });
}
