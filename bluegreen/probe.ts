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
}
