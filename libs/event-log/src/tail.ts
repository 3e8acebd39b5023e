import { randomUUID } from 'node:crypto';
import type { RecordedEvent } from '@tallywatt/contracts';
import type { Tail, TailOptions, Timing } from './event-log-api';
import { openGroup } from './group-member';
import type { LogClient } from './log-port';
import type { Logger } from './observer';
import { readRecord } from './parking';

/**
 * Shows every process what is new in topics: all partitions, nothing of the past, no offsets stored.
 * For what is of use now or never.
 */
export const openTail = (
  parts: {
    service: string;
    client: LogClient;
    logger: Logger;
    timing: Timing;
    onFatal: (error: Error) => void;
  },
  options: TailOptions,
): Tail => {
  const { logger } = parts;
  const { name } = options;
  const next = new Map<string, Readonly<{ topic: string; partition: number; offset: bigint }>>();

  const show = (event: RecordedEvent): void => {
    try {
      options.show(event);
    } catch (error) {
      logger.error({ err: error, tail: name, topic: event.position.topic }, 'tail: not shown');
    }
  };

  const group = openGroup(parts, {
    // Permissions on groups go by the beginning of their names. Nobody else may be in this one.
    groupId: `${parts.service}-tail-${name}-${randomUUID()}`,
    topics: options.topics,
    isFromEnd: true,
    partitionsAtOnce: 1,
    onBatch: async ({ topic, partition, records, resolve }) => {
      const at = `${topic}/${partition}`;
      const from = next.get(at)?.offset ?? 0n;
      for (const record of records) {
        const { offset } = record.position;
        if (offset < from) continue; // read again after the client has started over
        const { recorded, fault } = readRecord(record);
        // Whoever needs it whole parks it and raises the alarm.
        if (recorded !== undefined) show(recorded);
        else logger.warn({ err: fault, tail: name, topic, offset: String(offset) }, 'unreadable');
        next.set(at, { topic, partition, offset: offset + 1n });
      }
      const last = records.at(-1)?.position.offset;
      if (last !== undefined) resolve(last);
    },
    onAssigned: () => {
      for (const { topic, partition, offset } of next.values())
        group.seek(topic, partition, offset);
    },
    onError: () => undefined,
  });
  return {
    name,
    isJoined: () => group.membership().joined,
    refused: () => group.membership().refused,
    stop: () => group.stop(),
  };
};
