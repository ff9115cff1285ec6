import type { z } from 'zod';
import { AnnyError } from '../../operation/errors.ts';
import { page } from './answers.ts';
import type { Api } from './call.ts';

const PER_PAGE = 500;
const PAGES_LIMIT = 200;

/** All items of a list, page by page. `key`: "instances"; `path`: "/instances" or with a query. */
export async function listAll<T>(api: Api, path: string, key: string, item: z.ZodType<T>): Promise<readonly T[]> {
  const all: T[] = [];
  let cursor = '';
  for (let count = 0; count < PAGES_LIMIT; count += 1) {
    const query = new URLSearchParams({ per_page: String(PER_PAGE), ...(cursor === '' ? {} : { cursor }) });
    const { items, next } = await api.call({
      method: 'GET',
      path: `${path}${path.includes('?') ? '&' : '?'}${query}`,
      answer: page(key, item),
      doing: `listing ${key.replaceAll('_', ' ')}`,
    });
    all.push(...items);
    if (next === '') return all;
    // A part of a list must not pass for the whole: what is not in it would count as gone.
    if (next === cursor) break;
    cursor = next;
  }
  throw new AnnyError('API_UNEXPECTED', {
    doing: `listing ${key.replaceAll('_', ' ')}`,
    found: `GET ${path} has no end: ${all.length} so far, and the next page is no other or beyond the ${PAGES_LIMIT}th`,
    next: 'this is the API going round in circles: try again later',
  });
}
