import type { SessionCostEstimated, TopicName } from '@tallywatt/contracts';
import { eventually } from '@tallywatt/testing';
import type { OutgoingEvent } from './outbox';
import { expireRecords } from './testing/expiry';
import {
  openPool,
  prepareDatabase,
  produce,
  recordNumbered,
  released,
  sessionsTopic,
} from './testing/log-stage';
import { type LogStage, startLogStage } from './testing/log-stage-servers';

const service = 'pricing-engine';
const topic: TopicName = 'pricing.estimates.v1';
let stage: LogStage;

beforeAll(async () => {
  stage = await startLogStage('expiry');
});
afterEach(() => stage?.stopOpened());
afterAll(() => stage?.end());

const estimate = (sessionId: string, sessionSequence: number): OutgoingEvent => {
  const event: SessionCostEstimated = {
    type: 'SessionCostEstimated',
    cpoId: 'cpo',
    sessionId,
    chargePointId: 'CP-1',
    connectorId: 1,
    tariff: { tariffId: 'ac', version: 1n, contentHash: 'a'.repeat(64), billsParkingTime: true },
    asOf: '2026-11-21T10:00:00.000Z',
    sessionSequence: BigInt(sessionSequence),
    energyMilliWh: 1_000_000n,
    chargingSeconds: 60n,
    parkingSeconds: 0n,
    currency: 'EUR',
    totalExclTaxMinor: 50n,
    totalTaxMinor: 10n,
    totalInclTaxMinor: 60n,
    ratingPolicyId: 'rating/1',
    roundingPolicyId: 'rounding/1',
    interpolationPolicyId: 'interpolation/1',
  };
  return { event, occurredAt: event.asOf };
};

/** Numbers `from` to `to` of the stream of a session, written past every outbox. */
const produceNumbers = (sessionId: string, from: number, to: number): Promise<void> =>
  produce(
    stage.brokers,
    Array.from({ length: to - from + 1 }, (_, index) =>
      recordNumbered(estimate(sessionId, from + index), from + index, service),
    ),
  );

const newDatabase = async (name: string) => {
  const pool = openPool(await stage.servers.createDatabase(name), 4);
  stage.keep({ stop: () => pool.end() });
  await prepareDatabase(pool);
  return pool;
};

describe('a topic whose older records have expired', () => {
  beforeAll(async () => {
    await produceNumbers('s-1', 1, 4);
    await produceNumbers('s-gone', 1, 2);
    await expireRecords(stage.brokers, topic);
    await produceNumbers('s-1', 5, 6);
    await produceNumbers('s-2', 1, 1);
  });

  it('is taken by a new consumer from what is left, and parks nothing', async () => {
    const pool = await newDatabase('expiry_reader');
    const log = stage.open({ pool });
    const taken: string[] = [];
    const consumer = log.consume({
      name: 'reader',
      topics: [topic],
      handle: async (events) => {
        for (const { metadata } of events) taken.push(`${metadata.subject} ${metadata.sequence}`);
      },
    });
    await eventually(() => {
      expect([...taken].sort()).toEqual(['cpo/s-1 5', 'cpo/s-1 6', 'cpo/s-2 1']);
      expect(consumer.state()).toMatchObject({ lag: 0, parkedKeys: 0 });
    });
    expect(await log.listParked()).toEqual([]);
  });

  it('is gone on with by a consumer that was away while records expired', async () => {
    const pool = await newDatabase('expiry_away');
    const before = stage.open({ pool });
    const taken: bigint[] = [];
    const read = (log: typeof before) =>
      log.consume({
        name: 'away',
        topics: [topic],
        handle: async (events) => {
          for (const { event, metadata } of events) {
            if ('sessionId' in event && event.sessionId === 's-away') taken.push(metadata.sequence);
          }
        },
      });
    read(before);
    await produceNumbers('s-away', 1, 2);
    await eventually(() => expect(taken).toEqual([1n, 2n]));
    await before.stop();
    await produceNumbers('s-away', 3, 7);
    await expireRecords(stage.brokers, topic);
    await produceNumbers('s-away', 8, 8);
    const after = stage.open({ pool });
    read(after);
    await eventually(() => expect(taken).toEqual([1n, 2n, 8n]));
    expect(await after.listParked()).toEqual([]);
  });

  it('is adopted by a new database of its owner, which numbers on from there', async () => {
    await produceNumbers('s-owned', 5, 6);
    const pool = await newDatabase('expiry_owner');
    const log = stage.open({ pool, service });
    const restored: bigint[] = [];
    await log.adoptOwnStreams([topic], async (own) => {
      for await (const events of own(topic)) {
        for (const { event, metadata } of events) {
          if ('sessionId' in event && event.sessionId === 's-owned') {
            restored.push(metadata.sequence);
          }
        }
      }
    });
    expect(restored).toEqual([5n, 6n]);
    const [next] = await log.transaction((tx) => log.append(tx, [estimate('s-owned', 20)]));
    expect(next).toMatchObject({ appended: true, sequence: 7n });
  });
});

describe('a topic that is kept for ever and has lost records all the same', () => {
  it('is never said to be taken whole', async () => {
    const said = (n: number) =>
      recordNumbered(released('lost', 's-1', `fact ${n}`), n, 'ocpp-gateway');
    const pool = await newDatabase('expiry_lost');
    const before = stage.open({ pool });
    let taken = 0;
    const handle = async (events: readonly unknown[]): Promise<void> => {
      taken += events.length;
    };
    const read = (log: typeof before) =>
      log.consume({ name: 'lost', topics: [sessionsTopic], handle });
    read(before);
    await produce(stage.brokers, [said(1)]);
    await eventually(() => expect(taken).toBe(1));
    await before.stop();
    await produce(stage.brokers, [said(2), said(3)]);
    await expireRecords(stage.brokers, sessionsTopic);
    const second = read(stage.open({ pool }));
    await eventually(() => expect(second.state()).toMatchObject({ lag: 2 }));
  });
});
