import type { RecordedEvent, TopicName } from '@tallywatt/contracts';
import { eventually } from '@tallywatt/testing';
import {
  openLog,
  openPool,
  orphaned,
  produce,
  readEffects,
  recordNumbered,
  released,
  sessionsTopic,
  writeEffects,
} from './testing/log-stage';
import { append, type LogStage, numbers, startLogStage } from './testing/log-stage-servers';
import { NotYetKnown } from './failure';
import { replayTopics } from './replay';
import type { SqlClient } from './sql-client';

const orphansTopic: TopicName = 'charging.orphans.v1';
let stage: LogStage;

beforeAll(async () => {
  stage = await startLogStage('consumer');
});
afterEach(() => stage?.stopOpened());
afterAll(() => stage?.end());

describe('from the outbox through Kafka to an effect', () => {
  it('takes what was appended, in order, once, and says where it lies', async () => {
    const log = stage.open();
    log.startRelay();
    const told: RecordedEvent[] = [];
    const consumer = log.consume({
      name: 'plain',
      topics: [sessionsTopic],
      handle: writeEffects('plain'),
      afterCommit: (events) => told.push(...events),
    });
    for (const detail of ['one', 'two', 'three']) {
      await append(log, 'plain', 's-1', [detail]);
    }
    await eventually(async () => {
      const effects = await readEffects(stage.pool, 'plain', 'plain');
      expect(effects).toEqual({ 's-1': ['one', 'two', 'three'] });
    });
    // The relay writes down where a record lies after the record can be read.
    await eventually(async () => {
      const { rows } = await stage.pool.query(
        `SELECT partition, log_offset FROM event_log.outbox
         WHERE stream_key = 'plain/s-1' ORDER BY id`,
      );
      expect(told).toHaveLength(3);
      expect(rows.map(({ partition, log_offset }) => [partition, log_offset])).toEqual(
        told.map(({ position }) => [position.partition, position.offset.toString()]),
      );
    });
    await eventually(() => expect(consumer.state()).toMatchObject({ joined: true, lag: 0 }));
  });

  it('works with a single connection', async () => {
    const single = openPool(stage.servers.databaseUrl('consumer'), 1);
    const log = openLog(single, stage.brokers);
    stage.keep({ stop: () => log.stop().then(() => single.end()) });
    log.startRelay();
    log.consume({ name: 'single', topics: [sessionsTopic], handle: writeEffects('single') });
    await append(log, 'single', 's-1', numbers(20));
    await eventually(async () =>
      expect(await readEffects(stage.pool, 'single', 'single')).toEqual({ 's-1': numbers(20) }),
    );
  });
});

describe('duplicates', () => {
  it('have one effect: an id appended twice, a record that is in the log twice', async () => {
    const log = stage.open();
    const repeated = await log.transaction((tx) =>
      log.append(tx, [released('twice', 's-1', 'a'), released('twice', 's-1', 'a')]),
    );
    expect(repeated.map(({ sequence, appended }) => [sequence, appended])).toEqual([
      [1n, true],
      [1n, false],
    ]);
    const [again] = await append(log, 'twice', 's-1', ['a']);
    expect(again).toMatchObject({ sequence: 1n, appended: false });

    log.startRelay();
    await append(log, 'twice', 's-1', ['b']);
    const copies = ['a', 'b'].map((detail, n) =>
      recordNumbered(released('twice', 's-1', detail), n + 1),
    );
    await produce(stage.brokers, [...copies, ...copies]);
    log.consume({ name: 'twice', topics: [sessionsTopic], handle: writeEffects('twice') });
    await append(log, 'twice', 's-1', ['c']);
    await produce(stage.brokers, copies);
    await append(log, 'twice', 's-1', ['d']);
    await eventually(async () =>
      expect(await readEffects(stage.pool, 'twice', 'twice')).toEqual({
        's-1': ['a', 'b', 'c', 'd'],
      }),
    );
  });
});

describe('waiting', () => {
  it('waits for another topic that comes through the same consumer, and parks nothing', async () => {
    const log = stage.open();
    log.startRelay();
    const write = writeEffects('waiting');
    const known = new Set<string>();
    const handle = async (events: readonly RecordedEvent[], tx: SqlClient): Promise<void> => {
      for (const { event } of events) {
        if (event.type === 'MeterValuesOrphaned') known.add(event.orphanId);
        if (event.type !== 'SessionReleased' || event.cpoId !== 'waiting') continue;
        if (event.detail === 'needs-x' && !known.has('x')) throw new NotYetKnown('orphan x');
      }
      await write(events, tx);
    };
    const consumer = log.consume({
      name: 'waiting',
      topics: [sessionsTopic, orphansTopic],
      handle,
    });
    await append(log, 'waiting', 's-1', ['before', 'needs-x', 'after']);
    await eventually(async () => {
      expect(await readEffects(stage.pool, 'waiting', 'waiting')).toEqual({ 's-1': ['before'] });
      expect(consumer.state().waiting).toMatchObject([{ reason: 'waiting for orphan x' }]);
    });
    await log.transaction((tx) => log.append(tx, [orphaned('waiting', 'cp-1', 'x')]));
    await eventually(async () =>
      expect(await readEffects(stage.pool, 'waiting', 'waiting')).toEqual({
        'cp-1': ['x'],
        's-1': ['before', 'needs-x', 'after'],
      }),
    );
    const parked = (await log.listParked()).filter(({ key }) => key.startsWith('waiting/'));
    expect(parked).toEqual([]);
    await eventually(() => expect(consumer.state().waiting).toEqual([]));
  });
});

describe('reading without offsets', () => {
  it('shows a view the whole topic, then what follows, each event once', async () => {
    const log = stage.open();
    log.startRelay();
    await log.transaction((tx) =>
      log.append(
        tx,
        numbers(5).map((n) => orphaned('view', 'cp', n)),
      ),
    );
    await eventually(async () => {
      const { rows } = await stage.pool.query(
        `SELECT FROM event_log.outbox WHERE stream_key = 'view/cp' AND log_offset IS NOT NULL`,
      );
      expect(rows).toHaveLength(5);
    });
    const seen: string[] = [];
    const view = log.view({
      name: 'orphans',
      topics: [orphansTopic],
      apply: ({ event }) => {
        if (event.cpoId === 'view' && event.type === 'MeterValuesOrphaned') {
          seen.push(event.orphanId);
        }
      },
    });
    await view.ready;
    expect(seen).toEqual(numbers(5));
    await produce(stage.brokers, [recordNumbered(orphaned('view', 'cp', '5'), 5)]);
    await log.transaction((tx) => log.append(tx, [orphaned('view', 'cp', '6')]));
    await eventually(() => expect(seen).toEqual(numbers(6)));
    await eventually(() => expect(view.lag()).toBe(0));
    expect(view.brokenKeys()).toEqual([]);
  });

  it('shows a tail what is new, and nothing of the past', async () => {
    const log = stage.open();
    log.startRelay();
    const say = (n: number) =>
      log.transaction((tx) => log.append(tx, [orphaned('tail', 'cp', String(n))]));
    for (const n of [1, 2, 3]) await say(n);
    await eventually(async () => {
      const { rows } = await stage.pool.query(
        `SELECT FROM event_log.outbox WHERE stream_key = 'tail/cp' AND log_offset IS NOT NULL`,
      );
      expect(rows).toHaveLength(3);
    });
    const seen: number[] = [];
    const tail = log.tail({
      name: 'orphans',
      topics: [orphansTopic],
      show: ({ event }) => {
        if (event.cpoId !== 'tail' || event.type !== 'MeterValuesOrphaned') return;
        seen.push(Number(event.orphanId));
        throw new Error('is logged, and the next is shown');
      },
    });
    let said = 3;
    // Where it begins is settled by its first fetch, which nobody hears of.
    await eventually(async () => {
      said += 1;
      await say(said);
      expect(seen.length).toBeGreaterThan(0);
    });
    said += 1;
    await say(said);
    await eventually(() => expect(seen.at(-1)).toBe(said));
    const first = seen[0] ?? 0;
    expect(first).toBeGreaterThan(3);
    expect(seen).toEqual(Array.from({ length: said - first + 1 }, (_, n) => first + n));
    expect([tail.isJoined(), tail.refused()]).toEqual([true, undefined]);
  });

  it('replays topics from their start to their end, and tells of what it cannot read', async () => {
    const topic: TopicName = 'charging.stations.v1';
    const seen: string[] = [];
    const { events } = await replayTopics({
      brokers: [stage.brokers],
      topics: [sessionsTopic],
      handle: async (batch) => {
        seen.push(...batch.map(({ metadata }) => `${metadata.subject} ${metadata.sequence}`));
      },
    });
    expect(events).toBe(seen.length);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((text) => text.startsWith('twice/s-1 '))).toEqual(
      numbers(4).map((n) => `twice/s-1 ${n}`),
    );
    await produce(stage.brokers, [{ topic, key: 'replay/cp-1', value: 'no event', headers: {} }]);
    await expect(
      replayTopics({ brokers: [stage.brokers], topics: [topic], handle: async () => undefined }),
    ).rejects.toThrow('charging.stations.v1/');
  });
});
