import { RetriableError } from './failure';
import { KafkaRefused } from './kafka-refusal';
import { silentLogger } from './testing/log-stage';
import { type GroupMember, openGroup } from './group-member';
import type { LogClient, LogConsumerOptions, RecordBatch } from './log-port';
import { standardTiming } from './timing';

const timing = { ...standardTiming, heartbeatIntervalMs: 5, backOffMaxMs: 10, silenceMaxMs: 80 };
/** Lets time pass that no machine can be too slow for. */
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

const batch = (heartbeat: () => void): RecordBatch => ({
  topic: 'charging.sessions.v1',
  partition: 3,
  fetchedOffset: 0n,
  endOffset: 0n,
  records: [],
  resolve: () => undefined,
  heartbeat: async () => heartbeat(),
  isCurrent: () => true,
});

let member: GroupMember | undefined;
beforeEach(() => void jest.useFakeTimers());
afterEach(async () => {
  await member?.stop();
  jest.useRealTimers();
});

/** A client whose consumer does what the test makes it do. */
const joinWith = (start: (attempt: number) => Promise<void>, onBatch = async () => undefined) => {
  const fatal: string[] = [];
  const lines: string[] = [];
  const logger = {
    ...silentLogger,
    error: (_: object, line: string) => void lines.push(`error ${line}`),
    debug: (_: object, line: string) => void lines.push(`debug ${line}`),
  };
  let attempts = 0;
  let consumer: LogConsumerOptions | undefined;
  const client = {
    consumer: (options: LogConsumerOptions) => {
      consumer = options;
      return {
        start: () => start((attempts += 1)),
        stop: async () => undefined,
        seek: () => undefined,
        pause: () => undefined,
        resume: () => undefined,
      };
    },
  } as unknown as LogClient;
  member = openGroup(
    { client, logger, timing, onFatal: (error) => fatal.push(error.message) },
    {
      groupId: 'ledger',
      topics: ['charging.sessions.v1'],
      partitionsAtOnce: 1,
      onBatch,
      onAssigned: () => undefined,
      onError: () => undefined,
    },
  );
  return {
    fatal,
    lines,
    attempts: () => attempts,
    consumer: () => consumer as LogConsumerOptions,
    membership: member.membership,
  };
};

it('tries to join for as long as the broker is away', async () => {
  const group = joinWith(async (attempt) => {
    if (attempt < 4) throw new Error('connect ECONNREFUSED');
  });
  await pass(50);
  expect(group.attempts()).toBe(4);
  expect(group.fatal).toEqual([]);
});

it('knows whether it is a member, and of how much', async () => {
  const group = joinWith(async () => undefined);
  await pass(1);
  expect(group.membership()).toEqual({ joined: false, assigned: 0 });
  group.consumer().onAssigned(new Map([['charging.sessions.v1', [0, 1, 2]]]));
  expect(group.membership()).toEqual({ joined: true, assigned: 3 });
  group.consumer().onError(new Error('crashed, will restart'));
  expect(group.membership()).toEqual({ joined: false, assigned: 0 });
});

it('joins anew when the client gives up for a passing reason', async () => {
  const group = joinWith(async () => undefined);
  group.consumer().onGivenUp(new RetriableError('no group coordinator yet'));
  await pass(10);
  expect(group.attempts()).toBe(2);
  group.consumer().onAssigned(new Map([['charging.sessions.v1', [0]]]));
  expect(group.membership()).toEqual({ joined: true, assigned: 1 });
  expect(group.fatal).toEqual([]);
});

it('does not hear what the consumer before says of its end', async () => {
  const ends: ((error: Error) => void)[] = [];
  const group = joinWith(() => new Promise<void>((_, reject) => ends.push(reject)));
  const first = group.consumer();
  first.onGivenUp(new RetriableError('no group coordinator yet'));
  await pass(10);
  expect(group.attempts()).toBe(2);
  group.consumer().onAssigned(new Map([['charging.sessions.v1', [0]]]));
  ends[0]?.(new Error('closed while joining'));
  first.onError(new Error('closed'));
  first.onGivenUp(new Error('not retriable'));
  await pass(30);
  expect(group.attempts()).toBe(2);
  expect(group.membership()).toEqual({ joined: true, assigned: 1 });
  expect(group.fatal).toEqual([]);
});

it('says that Kafka refuses, and not at every restart of the client', async () => {
  const group = joinWith(async () => undefined);
  for (let n = 0; n < 13; n += 1) {
    group.consumer().onError(new KafkaRefused('certificate', 'has expired'));
  }
  expect(group.lines.filter((line) => line === 'error consumer: Kafka refuses')).toHaveLength(2);
  expect(group.lines.filter((line) => line === 'debug consumer: Kafka refuses')).toHaveLength(11);
  expect(group.membership().refused).toBe('has expired');
});

it('is fatal when the client gives up, but not while stopping', async () => {
  const group = joinWith(async () => undefined);
  group.consumer().onGivenUp(new Error('not retriable'));
  expect(group.fatal).toEqual(['consumer ledger cannot go on']);
  await member?.stop();
  group.consumer().onGivenUp(new Error('closed'));
  expect(group.fatal).toHaveLength(1);
});

it('is fatal when there is no sign of life for too long', async () => {
  const group = joinWith(async () => undefined);
  for (let n = 0; n < 8; n += 1) {
    await pass(20);
    group.consumer().onActivity();
  }
  expect(group.fatal).toEqual([]);
  await pass(140);
  expect(group.fatal).toContain('consumer ledger gave no sign of life');
});

it('sends heartbeats while a batch is worked on, and is fatal when that never ends', async () => {
  let end = (): void => undefined;
  const group = joinWith(
    async () => undefined,
    () => new Promise<undefined>((resolve) => (end = () => resolve(undefined))),
  );
  let beats = 0;
  const alive = setInterval(() => group.consumer().onActivity(), 10);
  void group.consumer().onBatch(batch(() => (beats += 1)));
  await pass(60);
  expect(beats).toBeGreaterThan(3);
  expect(group.fatal).toEqual([]);
  await pass(100);
  clearInterval(alive);
  end();
  expect(group.fatal).toContain('consumer ledger is stuck in charging.sessions.v1/3');
});
