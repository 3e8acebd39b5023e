import type { ApiRequest } from './account';
import { invalidParameter, missing } from './stripe-error';

/** The parameters of every list endpoint. */
export const pageParameters = ['limit', 'starting_after', 'ending_before'] as const;

export interface Page<T> {
  object: 'list';
  data: T[];
  has_more: boolean;
  url: string;
}

export const pageSize = (request: ApiRequest): number => {
  const limit = request.parameters.integer('limit') ?? 10;
  if (limit < 1 || limit > 100) {
    throw invalidParameter('Invalid limit: must be between 1 and 100.', 'limit');
  }
  return limit;
};

/**
 * One page of a list, newest first.
 * @param kind what Stripe calls the objects in an error, such as `charge`
 * @param oldestFirst the objects that pass the filters, in the order they were made
 */
export const pageOf = <T extends { id: string }>(
  request: ApiRequest,
  kind: string,
  url: string,
  oldestFirst: readonly T[],
): Page<T> => {
  const items = [...oldestFirst].reverse();
  const limit = pageSize(request);
  const after = request.parameters.text('starting_after');
  const before = request.parameters.text('ending_before');
  if (after && before) {
    throw invalidParameter(
      'Use either starting_after or ending_before, not both.',
      'ending_before',
    );
  }
  const indexOf = (id: string, param: string): number => {
    const index = items.findIndex((item) => item.id === id);
    if (index < 0) throw missing(kind, id, param, 400);
    return index;
  };
  if (before) {
    const end = indexOf(before, 'ending_before');
    const start = Math.max(0, end - limit);
    return { object: 'list', data: items.slice(start, end), has_more: start > 0, url };
  }
  const start = after ? indexOf(after, 'starting_after') + 1 : 0;
  const data = items.slice(start, start + limit);
  return { object: 'list', data, has_more: start + limit < items.length, url };
};
