import { Problem } from './problem.ts';

const DEFAULT_PER_PAGE = 100;
const MOST_PER_PAGE = 500;

export interface PageQuery {
  readonly per_page?: string;
  readonly cursor?: string;
}

/** One page of a list under its key, with the cursors that the API gives; they are opaque to clients. */
export function page<T>(key: string, items: readonly T[], query: PageQuery): Record<string, unknown> {
  const perPage = query.per_page === undefined ? DEFAULT_PER_PAGE : Number(query.per_page);
  if (!Number.isInteger(perPage) || perPage < 1 || perPage > MOST_PER_PAGE) {
    throw new Problem(400, `Invalid per_page: it must be from 1 to ${MOST_PER_PAGE}`);
  }
  const start = startOf(query.cursor);
  const link = (at: number): string => Buffer.from(`at__${at}`).toString('base64url');
  return {
    [key]: items.slice(start, start + perPage),
    meta: {
      total: items.length,
      links: {
        next: start + perPage < items.length ? link(start + perPage) : '',
        prev: start > 0 ? link(Math.max(0, start - perPage)) : '',
      },
    },
  };
}

function startOf(cursor: string | undefined): number {
  if (cursor === undefined || cursor === '') return 0;
  const start = /^at__(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  if (start === undefined) throw new Problem(400, 'Invalid cursor');
  return Number(start);
}
