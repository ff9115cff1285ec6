import type { z } from 'zod';
import { Problem } from './problem.ts';

/** The body as the schema wants it, or 400 with what is wrong. */
export function bodyOf<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  throw new Problem(400, `Invalid ${where === '' ? 'request body' : where}: ${issue?.message ?? 'not valid'}`);
}
