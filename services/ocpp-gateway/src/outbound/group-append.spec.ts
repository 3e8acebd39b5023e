import type { EventLog, OutgoingEvent, SqlClient } from '@tallywatt/event-log';
import { GroupAppend } from './group-append';

const eventOf = (chargePointId: string): OutgoingEvent => ({
  occurredAt: '2026-11-21T12:00:00.000Z',
  event: {
    type: 'StationDisconnected',
    cpoId: 'default',
    chargePointId,
    connectionId: `connection of ${chargePointId}`,
    disconnectedAt: '2026-11-21T12:00:00.000Z',
    cause: 'closed',
  },
});

const opened = () => {
  const tx = {} as SqlClient;
  const calls: (readonly OutgoingEvent[])[] = [];
  const eventLog: Pick<EventLog, 'append' | 'transaction'> = {
    append: (_tx, events) => {
      calls.push(events);
      return Promise.resolve([]);
    },
    transaction: (work) => work(tx),
  };
  return { tx, calls, appends: new GroupAppend(eventLog) };
};

describe('events of frames that share a transaction', () => {
  it('are written together, in the order of the frames, each with its own time', async () => {
    const { calls, appends } = opened();
    await appends.transaction(async (tx) => {
      await appends.append(tx, [eventOf('A')], { recordedAt: '2026-11-21T12:00:01.000Z' });
      await appends.append(tx, [eventOf('B')], { recordedAt: '2026-11-21T12:00:02.000Z' });
      expect(calls).toEqual([]);
    });
    expect(calls).toEqual([
      [
        { ...eventOf('A'), recordedAt: '2026-11-21T12:00:01.000Z' },
        { ...eventOf('B'), recordedAt: '2026-11-21T12:00:02.000Z' },
      ],
    ]);
  });

  it('are forgotten with the work that failed', async () => {
    const { calls, appends } = opened();
    const failing = appends.transaction(async (tx) => {
      await appends.append(tx, [eventOf('A')]);
      throw new Error('the frame cannot be worked on');
    });
    await expect(failing).rejects.toThrow('the frame cannot be worked on');
    await appends.transaction((tx) => appends.append(tx, [eventOf('B')]));
    expect(calls.flat().map(({ event }) => event)).toEqual([eventOf('B').event]);
  });
});

describe('events of any other transaction', () => {
  it('are written at once', async () => {
    const { tx, calls, appends } = opened();
    await appends.append(tx, [eventOf('A')]);
    expect(calls).toEqual([[eventOf('A')]]);
  });
});
