import type { Operation } from './step.ts';

/**
 * Runs steps at the same time, each with the operation that `begin` is given. When one fails, the others are stopped and told so:
 * what the end of the machine then does to them is no second fault.
 */
export async function sideBySide<T extends readonly unknown[] | []>(
  operation: Operation,
  begin: (beside: Operation) => T,
) {
  const failed = new AbortController();
  const signals = [failed.signal, ...(operation.beside === undefined ? [] : [operation.beside])];
  try {
    return await Promise.all(begin({ ...operation, beside: AbortSignal.any(signals) }));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}
