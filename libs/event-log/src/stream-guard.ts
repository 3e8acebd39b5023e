import { topics as definitions, type TopicName } from '@tallywatt/contracts';
import { notAdopted } from './adoption-tables';
import type { SqlClient } from './sql-client';

/** The topics whose streams a service numbers. */
export const ownTopics = (service: string): readonly TopicName[] =>
  definitions.flatMap(({ name, owner }) => (owner === service ? [name] : []));

/**
 * Keeps a service from numbering a stream of its own that it does not know: it would begin at 1
 * again, and consumers would drop the new events as seen. What was found to be adopted stays so.
 */
export const streamGuard = (
  service: string,
  streamsAreNew: boolean,
): ((tx: SqlClient, topics: readonly string[]) => Promise<void>) => {
  const unchecked = new Set<string>(streamsAreNew ? [] : ownTopics(service));
  return async (tx, topics) => {
    const asked = topics.filter((topic) => unchecked.has(topic));
    if (asked.length === 0) return;
    const missing = await notAdopted(tx, asked);
    if (missing.length > 0) {
      throw new Error(
        `${missing.join(', ')} has not been adopted by this database of ${service}: ` +
          'call adoptOwnStreams before anything is appended',
      );
    }
    for (const topic of asked) unchecked.delete(topic);
  };
};
