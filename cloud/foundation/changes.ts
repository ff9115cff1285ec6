import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { type Declared, stateName, titleOf } from './declared.ts';

/** What the engine does, or would do, to one resource. */
export interface Change {
  readonly op: 'create' | 'update' | 'replace' | 'delete';
  /** In Pulumi's state. */
  readonly name: string;
  readonly title: string;
  /** Those that differ: "sshKey". */
  readonly properties: readonly string[];
}

export interface Seen {
  readonly onEvent: (event: EngineEvent) => void;
  readonly changes: Change[];
  /** What the engine said is wrong. */
  readonly problems: string[];
}

const OPS: Readonly<Record<string, Change['op']>> = {
  create: 'create',
  update: 'update',
  replace: 'replace',
  delete: 'delete',
};
const SIGNS: Readonly<Record<Change['op'], string>> = { create: '+', update: '~', replace: '±', delete: '-' };

/** Listens to the engine. Its own resources, the stack and the provider, are nobody's business. */
export function watchEngine(declared: readonly Declared[], tell: (text: string) => void = () => undefined): Seen {
  const changes: Change[] = [];
  const problems: string[] = [];
  const onEvent = ({ resourcePreEvent, diagnosticEvent }: EngineEvent): void => {
    if (diagnosticEvent?.severity === 'error') problems.push(plain(diagnosticEvent.message));
    const step = resourcePreEvent?.metadata;
    const op = OPS[step?.op ?? ''];
    if (step === undefined || op === undefined || step.type.startsWith('pulumi:')) return;
    const name = nameIn(step.urn);
    const title = titleIn(declared, name);
    changes.push({ op, name, title, properties: Object.keys(step.detailedDiff ?? {}) });
    tell(`${op} ${title}`);
  };
  return { onEvent, changes, problems };
}

/** "urn:pulumi:production::anny-foundation::vultr:index/vpc:Vpc::vpc" is of "vpc". */
export function nameIn(urn: string): string {
  return urn.split('::').at(-1) ?? urn;
}

/** What is no longer declared has only its name. */
export function titleIn(declared: readonly Declared[], name: string): string {
  const one = declared.find((candidate) => stateName(candidate) === name);
  return one === undefined ? name : titleOf(one);
}

/** The engine colours its words by marks: "<{%reset%}>". */
function plain(message: string): string {
  return message.replaceAll(/<\{%[^%]*%\}>/g, '').trim();
}

export function changesText(changes: readonly Change[]): string {
  if (changes.length === 0) return 'everything is as declared\n';
  const lines = changes.map(({ op, title, properties }) => {
    const which = op === 'create' || op === 'delete' || properties.length === 0 ? '' : `: ${properties.join(', ')}`;
    return `${SIGNS[op]} ${op.padEnd(7)}  ${title}${which}`;
  });
  return `${lines.join('\n')}\n`;
}
