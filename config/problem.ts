import { AnnyError, type ErrorCode } from '../operation/errors.ts';

/** One thing that is wrong in the configuration. */
export interface Problem {
  /** "config.yaml:12:5  infra.vultr_plan", "ANNY_DEPLOY_TTL in the environment  deploy.ttl" */
  readonly where: string;
  /** What was found and what is allowed. Never a secret. */
  readonly what: string;
  /** It is a secret in a file that is not for secrets. */
  readonly secret?: boolean;
}

/** @throws {AnnyError} CONFIG_SECRET or CONFIG_INVALID with all problems at once, in the order of the lines; nothing when there are none. */
export function refuse(problems: readonly Problem[], mask: (text: string) => string): void {
  if (problems.length === 0) return;
  const lines = [...problems].sort(byPlace).map((problem) => `  ${problem.where}: ${problem.what}`);
  const count = lines.length === 1 ? '1 problem' : `${lines.length} problems`;
  const secret = problems.some((problem) => problem.secret);
  const code: ErrorCode = secret ? 'CONFIG_SECRET' : 'CONFIG_INVALID';
  throw new AnnyError(code, {
    doing: 'reading the configuration',
    found: `${count}\n${mask([...new Set(lines)].join('\n'))}`,
    next: secret
      ? 'move each secret to .env as said, and replace it by a new one where the file was committed or shared'
      : 'correct each place and run the command again',
  });
}

function byPlace(a: Problem, b: Problem): number {
  return a.where.localeCompare(b.where, 'en', { numeric: true });
}
