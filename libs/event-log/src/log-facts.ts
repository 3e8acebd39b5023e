import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line says that is written on the way. */
export type LogFacts = { sessionId?: string; cpoId?: string; chargePointId?: string };

const storage = new AsyncLocalStorage<LogFacts>();

/** Does work whose log lines all say this. */
export const withLogFacts = <T>(facts: LogFacts, work: () => T): T =>
  storage.run({ ...storage.getStore(), ...facts }, work);

/** Says more in the log lines from here on; without `withLogFacts` around it, nothing. */
export const addLogFacts = (facts: LogFacts): void => {
  const store = storage.getStore();
  if (store !== undefined) Object.assign(store, facts);
};

/** For the logger. */
export const currentLogFacts = (): Readonly<LogFacts> | undefined => storage.getStore();
