import type { ApiRequest } from './account';
import { pageSize } from './pages';
import { invalidParameter } from './stripe-error';

export const searchParameters = ['query', 'limit', 'page'] as const;

interface Clause {
  field: string;
  key: string | undefined;
  operator: ':' | '>' | '<' | '>=' | '<=';
  value: string;
  negated: boolean;
}

const clausePattern =
  /^\s*(-?)([a-z_]+)(?:\[(["'])((?:(?!\3).)+)\3\])?\s*(:|>=|<=|>|<)\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\d+|null))\s*/;

const badQuery = (query: string) =>
  invalidParameter(
    `We were unable to parse your search query: ${query}. Use clauses like metadata['key']:'value' joined by AND.`,
    'query',
  );

/** Reads Stripe's search language as far as exact and numeric clauses joined by AND go. */
const parse = (query: string): Clause[] => {
  const clauses: Clause[] = [];
  let rest = query;
  for (;;) {
    const match = clausePattern.exec(rest);
    if (match === null) throw badQuery(query);
    const quoted = match[6] ?? match[7];
    clauses.push({
      negated: match[1] === '-',
      field: match[2] ?? '',
      key: match[4],
      operator: match[5] as Clause['operator'],
      value: quoted === undefined ? (match[8] ?? '') : quoted.replaceAll(/\\(.)/g, '$1'),
    });
    rest = rest.slice(match[0].length);
    if (rest === '') return clauses;
    const joint = /^AND\s+/i.exec(rest);
    if (joint === null) throw badQuery(query);
    rest = rest.slice(joint[0].length);
  }
};

const holds = (object: Record<string, unknown>, clause: Clause): boolean => {
  const field = object[clause.field];
  const held =
    clause.key === undefined ? field : (field as Record<string, unknown> | null)?.[clause.key];
  if (clause.operator === ':') {
    if (clause.value === 'null') return held === null || held === undefined;
    return (typeof held === 'number' ? String(held) : held) === clause.value;
  }
  if (typeof held !== 'number') return false;
  const bound = Number(clause.value);
  if (clause.operator === '>') return held > bound;
  if (clause.operator === '>=') return held >= bound;
  return clause.operator === '<' ? held < bound : held <= bound;
};

/**
 * One page of a search, newest first. Real Stripe's index is up to a minute behind; here it is not,
 * so code must not take an empty result of the real one as proof that nothing exists.
 */
export const searchPage = (
  request: ApiRequest,
  url: string,
  oldestFirst: readonly { id: string }[],
) => {
  const clauses = parse(request.parameters.requiredText('query'));
  const limit = pageSize(request);
  const page = request.parameters.text('page');
  const start = page === undefined ? 0 : Number(/^page_(\d+)$/.exec(page)?.[1] ?? NaN);
  if (Number.isNaN(start)) throw invalidParameter(`Invalid page: ${page}`, 'page');
  const found = oldestFirst
    .filter((object) => clauses.every((clause) => holds({ ...object }, clause) !== clause.negated))
    .reverse();
  const more = start + limit < found.length;
  return {
    object: 'search_result',
    url,
    has_more: more,
    data: found.slice(start, start + limit),
    next_page: more ? `page_${start + limit}` : null,
  };
};
