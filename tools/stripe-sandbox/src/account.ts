import type { VirtualClock } from './clock';
import type { FaultList } from './faults';
import type { Parameters } from './parameters';
import type { Settings } from './settings';
import type { Store } from './store';
import type { StoredEvent, Timer } from './tables';

/** The one Stripe account the sandbox imitates: what every resource works on. */
export interface Account {
  store: Store;
  clock: VirtualClock;
  settings: Settings;
  faults: FaultList;
  /** The API request being executed, named in the events it causes; null for what happens by itself. */
  request: NonNullable<StoredEvent['request']> | null;
}

/** One API request as a resource sees it. */
export interface ApiRequest {
  account: Account;
  parameters: Parameters;
  /** The `:name` parts of the path. */
  path: Record<string, string>;
}

/** One endpoint. `accepts` names its top-level parameters; `expand` is always accepted. */
export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  accepts: readonly string[];
  answer: (request: ApiRequest) => object;
}

export const schedule = (
  account: Account,
  job: Timer['job'],
  subject: string,
  dueMs: number,
): void => {
  account.store.put('timer', { id: `${job} ${subject}`, job, subject, dueMs });
};

export const unschedule = (account: Account, job: Timer['job'], subject: string): void => {
  const id = `${job} ${subject}`;
  if (account.store.get('timer', id) !== undefined) account.store.remove('timer', id);
};
