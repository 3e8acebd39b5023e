import type { Account } from './account';
import { invalidParameter } from './stripe-error';
import type { Tables } from './tables';

type Fields = Record<string, unknown>;

/** The id in a field that holds an id or the object itself; '' when it is empty. */
export const idOf = (held: string | { id: string } | null): string =>
  typeof held === 'string' ? held : (held?.id ?? '');

/** Which fields of which object hold an id that `expand[]` may replace by the object. */
const expandable: Record<string, readonly string[]> = {
  balance_transaction: ['source'],
  charge: ['balance_transaction', 'customer', 'payment_intent'],
  payment_intent: ['customer', 'latest_charge', 'payment_method'],
  payment_method: ['customer'],
  payout: ['balance_transaction', 'failure_balance_transaction'],
  refund: ['balance_transaction', 'charge', 'payment_intent', 'payment_method'],
};

const tableOfPrefix: Record<string, keyof Tables> = {
  ch: 'charge',
  cus: 'customer',
  pi: 'payment_intent',
  pm: 'payment_method',
  po: 'payout',
  re: 'refund',
  txn: 'balance_transaction',
};

const objectOf = (account: Account, id: string): unknown => {
  const table = tableOfPrefix[id.slice(0, id.indexOf('_'))];
  return table === undefined ? undefined : account.store.get(table, id);
};

const refuse = (path: string) =>
  invalidParameter(`This property cannot be expanded (${path}).`, 'expand');

const expandPath = (account: Account, value: unknown, path: string[], whole: string): unknown => {
  const [field, ...rest] = path;
  if (field === undefined || value === null || typeof value !== 'object') return value;
  const object = value as Fields;
  const kind = String(object['object']);
  if (kind === 'list' || kind === 'search_result') {
    if (field !== 'data' || rest.length === 0) throw refuse(whole);
    const items = object['data'] as unknown[];
    return { ...object, data: items.map((item) => expandPath(account, item, rest, whole)) };
  }
  if (expandable[kind]?.includes(field) !== true) throw refuse(whole);
  const held = object[field];
  const found = typeof held === 'string' ? (objectOf(account, held) ?? held) : held;
  return { ...object, [field]: expandPath(account, found, rest, whole) };
};

/** `object` with the ids at the given paths (`latest_charge.balance_transaction`) replaced. */
export const expand = (account: Account, object: object, paths: readonly string[]): object =>
  paths.reduce<object>((expanded, path) => {
    const segments = path.split('.');
    if (segments.length > 4) {
      throw invalidParameter(
        `You cannot expand more than 4 levels of a property (${path}).`,
        'expand',
      );
    }
    return expandPath(account, expanded, segments, path) as object;
  }, object);
