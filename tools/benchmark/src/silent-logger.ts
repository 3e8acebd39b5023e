import { inspect } from 'node:util';
import type { Logger } from '@tallywatt/event-log';

const nothing = (): void => undefined;

/** Only errors are said: whatever is written during a run costs time. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: (facts, message) => {
    process.stderr.write(`${message} ${inspect(facts, { depth: 3 })}\n`);
  },
};
