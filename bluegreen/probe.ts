/** The HTTP probe port: HTTPS by the public name against one address, its certificate verified for the name. */
export interface Probe {
  get(request: ProbeRequest): Promise<ProbeAnswer>;
}

export interface ProbeRequest {
  /** Public name: the Host header and the name that the certificate must carry. */
  readonly name: string;
  /** IPv4 address to connect to, whatever the name resolves to. */
  readonly address: string;
  /** "/health" */
  readonly path: string;
  readonly timeoutMs: number;
  /** Header `Anny-Pass`: reaches a candidate that serves nobody else. */
  readonly pass?: string;
}

export interface ProbeAnswer {
  /** HTTP status; 0 when nothing answered. */
  readonly status: number;
  /** First 500 characters of the answer. */
  readonly body: string;
  readonly tookMs: number;
  /** Why there was no answer (refused, time-out, certificate), in words. */
  readonly problem?: string;
  /** The cause's code, where it has one: "ECONNREFUSED". */
  readonly code?: string;
}

/** What an answer says about the machine. Inconclusive: nothing, since the question did not get there. */
export type AnswerKind = 'good' | 'bad' | 'inconclusive';

/**
 * Causes on this side of the question: no network or no way to that address from here, no socket, port or memory left
 * here, a firewall here that forbids it. A time-out is none of them: a machine that hangs looks just like that.
 */
const ON_THIS_SIDE = new Set([
  ...['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'ENONET', 'EADDRNOTAVAIL'],
  ...['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EPERM', 'EACCES', 'EAI_AGAIN'],
]);

export function kindOf({ status, code = '' }: ProbeAnswer): AnswerKind {
  if (status >= 200 && status < 300) return 'good';
  return status === 0 && ON_THIS_SIDE.has(code) ? 'inconclusive' : 'bad';
}

export function describeAnswer(answer: ProbeAnswer): string {
  return answer.problem ?? `HTTP ${answer.status} ${answer.body.slice(0, 120).replaceAll(/\s+/g, ' ')}`;
}
