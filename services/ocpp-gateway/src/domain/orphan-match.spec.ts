import fc from 'fast-check';
import { at, now, OfflineStory, type OfflineMessage } from '../testing/offline-story';
import { matchBeforeStop } from './orphan-match';

const start = (
  connectorId: number,
  minute: number,
  meterStartWh: number,
  tag = 'tag-1',
): OfflineMessage => ({ say: 'start', connectorId, tag, meterStartWh, startedAt: at(minute) });
const stop = (
  minute: number,
  meterStopWh: number,
  other: Partial<Extract<OfflineMessage, { say: 'stop' }>> = {},
): OfflineMessage => ({
  say: 'stop',
  transactionId: -1,
  tag: 'tag-1',
  meterStopWh,
  stoppedAt: at(minute),
  ...other,
});
const reading = (connectorId: number, minute: number, registerWh?: number): OfflineMessage => ({
  say: 'reading',
  connectorId,
  readAt: at(minute),
  ...(registerWh === undefined ? {} : { registerWh }),
});
const untagged = (minute: number, meterStopWh: number, other: object = {}): OfflineMessage => {
  const { tag: _, ...said } = stop(minute, meterStopWh, other) as { tag?: string };
  return said as OfflineMessage;
};

const after = (...messages: OfflineMessage[]) => new OfflineStory().hear(...messages).settle();
const methods = ({ attached }: OfflineStory) => attached.map((text) => text.split(' ')[2]);
const energiesWh = (story: OfflineStory) =>
  [...story.sessions.values()].map(({ connectorId, state }) => [
    connectorId,
    state.status === 'closed'
      ? (state.stop.meterStopMilliWh - state.meterStartMilliWh) / 1_000n
      : state.status,
  ]);

describe('a stop that names no session (rows 7, 8 and 10)', () => {
  it.each([-1, 0, 1_700_000_000])('of transaction %p finds the one that waits for it', (id) => {
    const story = after(stop(30, 6_000, { transactionId: id }), start(1, 0, 1_000));
    expect(methods(story)).toEqual(['token-register-time']);
    expect(energiesWh(story)).toEqual([[1, 5_000n]]);
    expect(story.recorded.find(({ type }) => type === 'SessionStopped')).toMatchObject({
      linkedBy: 'token-register-time',
      tokenRef: 'token-1',
    });
  });

  it('goes by the register it says it began with, where no tag stopped it', () => {
    const story = after(
      start(1, 0, 1_000),
      start(2, 0, 1_500, 'tag-2'),
      untagged(30, 6_000, { beginWh: 1_500 }),
    );
    expect(methods(story)).toEqual(['begin-register-time']);
    expect(energiesWh(story)).toEqual([
      [1, 'active'],
      [2, 4_500n],
    ]);
  });

  it('goes by register and time where it says nothing else', () =>
    expect(methods(after(start(1, 0, 1_000), untagged(30, 6_000)))).toEqual(['register-time']));

  it('of a register that counts from zero each time is nobody’s without more', () =>
    expect(after(start(1, 0, 0), untagged(30, 5_000)).waiting).toHaveLength(1));

  it.each([
    ['another tag', start(1, 0, 1_000, 'tag-2'), stop(30, 6_000)],
    ['a time before the start', start(1, 31, 1_000), stop(30, 6_000)],
    ['a register below that of the start', start(1, 0, 7_000), stop(30, 6_000)],
    // 11 kW for 30 min, with the tenth on top, is 6,050 Wh.
    ['a register that the meter cannot have reached', start(1, 0, 1_000), stop(30, 8_000)],
    ['another first register', start(1, 0, 1_000), stop(30, 6_000, { beginWh: 1_500 })],
  ])('does not agree with %s', (_why, began, ended) => {
    const story = after(began, ended);
    expect(story.waiting).toHaveLength(1);
    expect(energiesWh(story)).toEqual([[1, 'active']]);
  });

  it('never crosses to another connector: where two could be meant it is neither’s', () => {
    const story = after(start(1, 0, 1_000), start(2, 0, 1_200), stop(30, 6_000));
    expect(story.waiting).toHaveLength(1);
    expect(energiesWh(story)).toEqual([
      [1, 'active'],
      [2, 'active'],
    ]);
  });

  it('is told from another one with -1 by its time: two stay two', () => {
    const story = after(
      stop(70, 9_000),
      stop(30, 6_000),
      start(1, 0, 1_000),
      start(1, 40, 6_000),
      stop(30, 6_000),
    );
    expect(energiesWh(story)).toEqual([
      [1, 5_000n],
      [1, 3_000n],
    ]);
    expect(story.hear(stop(30, 6_000)).settle().waiting).toEqual([]);
  });

  it('stays where it is beside another that could be the same session’s', () =>
    expect(after(start(1, 0, 1_000), stop(30, 6_000), stop(31, 6_000)).waiting).toHaveLength(2));

  it('is the stop that later ones are compared with', () => {
    const story = after(start(1, 0, 1_000), stop(30, 6_000));
    const transactionId = Number([...story.sessions.values()][0]?.ocppTransactionId);
    story.hear(stop(30, 6_000, { transactionId }));
    expect(story.recorded.map(({ type }) => type)).not.toContain('StopConflicted');
    story.hear(stop(30, 6_100, { transactionId }));
    expect(story.recorded.map(({ type }) => type)).toContain('StopConflicted');
  });

  it('of a charger without a clock goes by tag and register', () => {
    const epoch = '1970-01-01T00:10:00.000Z';
    const began = {
      ...start(1, 0, 1_000),
      startedAt: '1970-01-01T00:00:05.000Z',
    } as OfflineMessage;
    expect(methods(after(began, stop(0, 6_000, { stoppedAt: epoch })))).toEqual(['token-register']);
    expect(after(began, untagged(0, 6_000, { stoppedAt: epoch })).waiting).toHaveLength(1);
  });
});

describe('readings that name no session (row 3)', () => {
  it('are of the session that ran on their connector then', () => {
    const story = after(
      reading(1, 10, 2_000),
      reading(1, 50),
      reading(2, 10, 2_000),
      start(1, 0, 1_000),
      stop(30, 6_000),
      start(1, 40, 6_000),
    );
    expect(methods(story)).toEqual([
      'connector-register-time',
      'connector-time',
      'token-register-time',
    ]);
    expect(story.waiting).toHaveLength(1);
    const linkedBy = story.recorded.flatMap((fact) =>
      fact.type === 'MeterValuesRecorded' ? [fact.linkedBy] : [],
    );
    expect(linkedBy).toEqual(['connector-register-time', 'connector-time']);
  });

  it('between two sessions are of neither', () =>
    expect(
      after(start(1, 0, 1_000), stop(30, 6_000), start(1, 40, 6_000), reading(1, 35, 6_000))
        .waiting,
    ).toHaveLength(1));
});

describe('readings that wait when a stop names its session', () => {
  const beforeStop = (...messages: OfflineMessage[]) => {
    const story = new OfflineStory().hear(...messages);
    const [first] = story.sessions.values();
    const stopped = { stoppedAt: at(30), meterStopMilliWh: 6_000_000n, stopReason: 'Local' };
    const about = { sessionId: first?.sessionId ?? '', stop: stopped };
    return matchBeforeStop(story.orphans, [...story.sessions.values()], about, now).map(
      ({ orphan, session }) => [
        orphan.message.readings[0]?.readAt,
        session.sessionId === about.sessionId,
      ],
    );
  };

  it('are of it if they were read until then on its connector, in their order', () =>
    expect(
      beforeStop(
        start(1, 0, 1_000),
        reading(1, 20, 3_000),
        reading(1, 10, 2_000),
        reading(1, 31, 6_000),
        reading(2, 10, 2_000),
        untagged(25, 5_000),
      ),
    ).toEqual([
      [at(10), true],
      [at(20), true],
    ]));

  it('wait on where another session could be meant', () =>
    expect(
      beforeStop(start(1, 0, 1_000), start(1, 15, 2_500, 'tag-2'), reading(1, 20, 3_000)),
    ).toEqual([]));
});

/** What a charger with two connectors did while it was away: sessions one after the other on each. */
const offlineHours = fc
  .array(
    fc.record({
      connectorId: fc.constantFrom(1, 2),
      tag: fc.constantFrom('tag-1', 'tag-2'),
      minutes: fc.integer({ min: 5, max: 60 }),
      pause: fc.integer({ min: 1, max: 20 }),
      energyWh: fc.integer({ min: 0, max: 900 }),
      transactionId: fc.constantFrom(-1, 0, 1_700_000_001),
      isTagged: fc.boolean(),
      isStartLost: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((plans) => {
    const ends = new Map([
      [1, { minute: 0, registerWh: 10_000 }],
      [2, { minute: 3, registerWh: 20_000 }],
    ]);
    return plans.flatMap((plan): OfflineMessage[] => {
      const { connectorId, tag, minutes, pause, energyWh, transactionId } = plan;
      const before = ends.get(connectorId) ?? { minute: 0, registerWh: 0 };
      const from = before.minute + pause;
      const registerWh = before.registerWh + energyWh;
      ends.set(connectorId, { minute: from + minutes, registerWh });
      const ended = { transactionId };
      return [
        ...(plan.isStartLost ? [] : [start(connectorId, from, before.registerWh, tag)]),
        reading(connectorId, from + 1, before.registerWh),
        reading(connectorId, from + 2),
        plan.isTagged
          ? stop(from + minutes, registerWh, { ...ended, tag })
          : untagged(from + minutes, registerWh, ended),
      ];
    });
  });

describe('what was kept offline', () => {
  it('comes to the same sessions and facts in any order, however often it is said', () => {
    let attached = 0;
    fc.assert(
      fc.property(
        offlineHours.chain((messages) =>
          fc.record({
            messages: fc.constant(messages),
            shuffled: fc.shuffledSubarray([...messages, ...messages], {
              minLength: messages.length * 2,
              maxLength: messages.length * 2,
            }),
          }),
        ),
        ({ messages, shuffled }) => {
          const inTurn = after(...messages);
          const mixed = after(...shuffled);
          expect(mixed.told()).toEqual(inTurn.told());
          expect(
            mixed
              .hear(...shuffled)
              .settle()
              .told(),
          ).toEqual(inTurn.told());
          attached += mixed.attached.length;
        },
      ),
      { numRuns: 300 },
    );
    expect(attached).toBeGreaterThan(300);
  });

  it('never attaches a fact to a session of another connector, tag or time', () => {
    fc.assert(
      fc.property(offlineHours, (messages) => {
        const story = after(...messages);
        for (const fact of story.recorded) {
          if (fact.type !== 'SessionStopped') continue;
          const { connectorId } = story.sessions.get(fact.sessionId) ?? { connectorId: 0 };
          // The registers of the two connectors are 10 kWh apart, and stay so.
          expect(fact.meterStopMilliWh >= 20_000_000n ? 2 : 1).toBe(connectorId);
        }
      }),
      { numRuns: 300 },
    );
  });
});
