/** An answer that is not what was asked for: `{"error": text, "status": N}`, as the real API gives it. */
export class Problem extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

export function notFound(what: string): Problem {
  return new Problem(404, `Invalid ${what}-id`);
}

/** Vultr answers a change of a machine that it works on with a 500 (vultr/ansible-collection-vultr#113). */
export function locked(action: string): Problem {
  return new Problem(500, `Unable to ${action} server: Server is currently locked`);
}
