import type { DescMessage } from '@bufbuild/protobuf';
import type { ClosedSets } from './contract-codec';
import type { TopicName } from './topics';

/** What one event type keeps: its topic, its message and its closed sets of values. */
export type EventContract = Readonly<{
  topic: TopicName;
  message: DescMessage;
  closed: ClosedSets;
}>;

export const contractOf = (
  topic: TopicName,
  message: DescMessage,
  closed: ClosedSets = {},
): EventContract => ({ topic, message, closed });
