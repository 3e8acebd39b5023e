import type { TopicName } from '@tallywatt/contracts';
import { eventually } from '@tallywatt/testing';
import {
  orphaned,
  produce,
  readEffects,
  recordNumbered,
  released,
  sessionsTopic,
  writeEffects,
} from './testing/log-stage';
import { append, type LogStage, startLogStage } from './testing/log-stage-servers';

const orphansTopic: TopicName = 'charging.orphans.v1';
let stage: LogStage;

beforeAll(async () => {
  stage = await startLogStage('parking');
});
afterEach(() => stage?.stopOpened());
afterAll(() => stage?.end());

describe('poison', () => {
  it('parks an undecodable record whole, with its key, and lets other keys go on', async () => {
    const alarms: string[] = [];
    const log = stage.open({ observe: { parked: (name) => alarms.push(name) } });
    log.startRelay();
    const garbage = {
      topic: orphansTopic,
      key: 'garbage/cp-1',
      value: Buffer.from([0xff, 0x00, 0x7b]),
      headers: { odd: Buffer.from([0x00, 0xff]) },
    };
    await produce(stage.brokers, [
      recordNumbered(orphaned('garbage', 'cp-1', 'first'), 1),
      garbage,
      recordNumbered(orphaned('garbage', 'cp-1', 'second'), 2),
      recordNumbered(orphaned('garbage', 'cp-2', 'other'), 1),
    ]);
    log.consume({ name: 'garbage', topics: [orphansTopic], handle: writeEffects('garbage') });
    await eventually(async () =>
      expect(await readEffects(stage.pool, 'garbage', 'garbage')).toEqual({
        'cp-1': ['first'],
        'cp-2': ['other'],
      }),
    );
    await eventually(async () => expect(await log.listParked()).toHaveLength(2));
    expect(
      (await log.listParked()).map(({ key, kind, sequence }) => [key, kind, sequence]),
    ).toEqual([
      ['garbage/cp-1', 'poison', undefined],
      ['garbage/cp-1', 'follows', 2n],
    ]);
    await eventually(() => expect(alarms).toContain('garbage')); // told after the commit
    const { rows } = await stage.pool.query(
      `SELECT record_value, headers FROM event_log.parked WHERE kind = 'poison'`,
    );
    expect(rows).toEqual([{ record_value: garbage.value, headers: { odd: { base64: 'AP8=' } } }]);
    await eventually(async () => {
      const copies = await stage.pool.query(
        `SELECT raw_value FROM event_log.outbox
         WHERE topic = $1 AND stream_key = 'garbage/cp-1' AND log_offset IS NOT NULL ORDER BY id`,
        [`${orphansTopic}.parked`],
      );
      expect(copies.rows[0]).toEqual({ raw_value: garbage.value });
      expect(copies.rows).toHaveLength(2);
    });
    await expect(
      log.replayParked({ consumer: 'garbage', topic: orphansTopic, key: 'garbage/cp-1' }),
    ).rejects.toThrow('still cannot be decoded');
    expect(await log.listParked()).toHaveLength(2);
    await stage.pool.query(`DELETE FROM event_log.parked`);
  });

  it('parks what the handler refuses, with what follows, and replays it when it can', async () => {
    const log = stage.open();
    log.startRelay();
    let repaired = false;
    const write = writeEffects('refusing');
    log.consume({
      name: 'refusing',
      topics: [sessionsTopic],
      handle: async (events, tx) => {
        await write(events, tx);
        for (const { event } of events) {
          if (!repaired && event.type === 'SessionReleased' && event.detail === 'unbalanced') {
            await tx.query('SELECT 1 / 0'); // also leaves the transaction aborted
          }
        }
      },
    });
    await append(log, 'refusing', 's-1', ['good', 'unbalanced', 'later']);
    await append(log, 'refusing', 's-2', ['a', 'b']);
    await eventually(async () => {
      expect(await readEffects(stage.pool, 'refusing', 'refusing')).toEqual({
        's-1': ['good'],
        's-2': ['a', 'b'],
      });
      expect(await log.listParked()).toHaveLength(2);
    });
    const parked = await log.listParked();
    expect(parked.map(({ reason, sequence }) => [sequence, reason])).toEqual([
      [2n, 'refused by the handler: division by zero'],
      [3n, 'follows a parked record'],
    ]);
    const place = { consumer: 'refusing', topic: sessionsTopic, key: 'refusing/s-1' };
    await expect(log.replayParked(place)).rejects.toThrow('division by zero');
    expect(await log.listParked()).toHaveLength(2);
    repaired = true;
    expect(await log.replayParked(place)).toEqual({ replayed: 2 });
    expect(await log.listParked()).toEqual([]);
    await append(log, 'refusing', 's-1', ['last']);
    await eventually(async () =>
      expect(await readEffects(stage.pool, 'refusing', 'refusing')).toMatchObject({
        's-1': ['good', 'unbalanced', 'later', 'last'],
      }),
    );
  });

  it('parks a key with a gap until what is missing arrives', async () => {
    const log = stage.open();
    const record = (detail: string, n: number) => recordNumbered(released('gap', 's-1', detail), n);
    await produce(stage.brokers, [record('one', 1), record('four', 4), record('three', 3)]);
    log.consume({ name: 'gap', topics: [sessionsTopic], handle: writeEffects('gap') });
    await eventually(async () =>
      expect((await log.listParked()).map(({ reason }) => reason)).toEqual([
        'sequence-gap: expected 2, got 4',
        'sequence-gap: expected 2, got 3',
      ]),
    );
    await produce(stage.brokers, [record('two', 2), record('five', 5)]);
    await eventually(async () =>
      expect(await readEffects(stage.pool, 'gap', 'gap')).toEqual({
        's-1': ['one', 'two', 'three', 'four', 'five'],
      }),
    );
    expect(await log.listParked()).toEqual([]);
  });
});
