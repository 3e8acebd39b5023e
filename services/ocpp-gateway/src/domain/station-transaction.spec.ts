import fc from 'fast-check';
import {
  at,
  denial,
  event,
  grant,
  reasons,
  register,
  stopOf,
  TransactionStory,
} from '../testing/transaction-story';

const token = { tokenMark: 'mark-1', grant };
const begin = { readings: [register(1_000_000n, at(0), 'Transaction.Begin')] };
/** Plugged in, authorized, charged, suspended, stopped, unplugged. */
const started = event('Started', 0, {
  ...begin,
  chargingState: 'EVConnected',
  triggerReason: 'CablePluggedIn',
});
const authorized = event('Updated', 1, { ...token, triggerReason: 'Authorized' });
const charging = event('Updated', 2, {
  chargingState: 'Charging',
  readings: [register(1_000_000n, at(2))],
});
const metered = event('Updated', 3, { readings: [register(1_300_000n, at(3))] });
const full = event('Updated', 4, { chargingState: 'SuspendedEV' });
const stopped = event('Updated', 5, {
  chargingState: 'EVConnected',
  triggerReason: 'StopAuthorized',
  ...token,
});
const ended = event('Ended', 6, {
  stoppedReason: 'EVDisconnected',
  chargingState: 'Idle',
  tokenMark: 'mark-1',
  readings: [
    register(1_000_000n, at(0), 'Transaction.Begin'),
    register(1_600_000n, at(6), 'Transaction.End'),
  ],
});
const all = [started, authorized, charging, metered, full, stopped, ended];
const inTurn = new TransactionStory().hear(...all);

describe('a transaction that a station numbers itself', () => {
  it('is a session from its token on, and of all its energy', () => {
    expect(inTurn.types()).toEqual([
      'SessionStarted',
      'ChargingStateChanged', // EVConnected, from the start
      'MeterValuesRecorded', // Transaction.Begin
      'MeterValuesRecorded',
      'ChargingStateChanged', // Charging
      'MeterValuesRecorded',
      'ChargingStateChanged', // SuspendedEV
      'ChargingStateChanged', // Idle: the driver has stopped, the cable is in
      'MeterValuesRecorded',
      'SessionStopped',
      'SessionClosed', // unplugged
    ]);
    expect(inTurn.facts[0]).toMatchObject({
      startedAt: at(1),
      meterStartMilliWh: 1_000_000n,
      ocppVersion: '2.0.1',
      ocppTransactionId: 'TX',
    });
    const states = inTurn.facts.flatMap((fact) =>
      fact.type === 'ChargingStateChanged' ? [[fact.chargingState, fact.changedAt]] : [],
    );
    expect(states).toEqual([
      ['EVConnected', at(1)],
      ['Charging', at(2)],
      ['SuspendedEV', at(4)],
      ['Idle', at(5)],
    ]);
    expect(stopOf(inTurn)).toMatchObject({
      stoppedAt: at(6),
      meterStopMilliWh: 1_600_000n,
      stopReason: 'EVDisconnected',
      tokenRef: 'token-1',
    });
    expect(inTurn.facts.at(-1)).toMatchObject({ closedBy: 'available', closedAt: at(6) });
  });

  it('has the same facts in whatever order and however often its events come', () => {
    const heard = fc
      .array(fc.constantFrom(...all), { maxLength: 10 })
      .chain((again) =>
        fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length }),
      );
    fc.assert(
      fc.property(heard, (events) => {
        expect(new TransactionStory().hear(...events).told()).toEqual(inTurn.told());
      }),
    );
  });

  it('has them, too, whatever its station says when, and whatever it leaves out', () => {
    const words = fc.record({
      chargingState: fc.option(fc.constantFrom('EVConnected', 'Charging', 'SuspendedEV', 'Idle')),
      wattHours: fc.option(fc.nat(200)),
      token: fc.option(fc.constantFrom(token, { tokenMark: 'mark-2', grant: denial })),
      isPlaced: fc.boolean(),
    });
    const transaction = fc.array(words, { minLength: 2, maxLength: 7 }).map((list) =>
      list.map(({ chargingState, wattHours, token: shown, isPlaced }, seqNo) => {
        const last = seqNo === list.length - 1 ? 'Ended' : 'Updated';
        return event(seqNo === 0 ? 'Started' : last, seqNo, {
          isUnplaced: true,
          ...(isPlaced ? { connectorId: 1 } : {}),
          ...(chargingState === null ? {} : { chargingState }),
          ...(shown ?? {}),
          readings: wattHours === null ? [] : [register(BigInt(wattHours) * 1_000n, at(seqNo))],
        });
      }),
    );
    const heard = transaction.chain((events) =>
      fc.tuple(
        fc.constant(events),
        fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
      ),
    );
    fc.assert(
      fc.property(heard, ([events, shuffled]) => {
        const expected = new TransactionStory().hear(...events).giveUp(denial);
        const story = new TransactionStory().hear(...shuffled).giveUp(denial);
        expect(story.told()).toEqual(expected.told());
        expect(story.want).toBe(expected.want);
      }),
      { numRuns: 2_000 },
    );
  });

  it('has the same energy and the same stop, whatever is missing when it is given up', () => {
    const between = all.slice(1, -1);
    fc.assert(
      fc.property(fc.shuffledSubarray(between, { maxLength: 4 }), (late) => {
        const prompt = all.filter((one) => !late.includes(one));
        // The token is what a session cannot begin without.
        fc.pre(prompt.includes(authorized));
        const story = new TransactionStory().hear(...prompt).giveUp();
        story.hear(...late).giveUp();
        expect(stopOf(story)).toEqual(stopOf(inTurn));
        const registers = (one: TransactionStory) =>
          one.facts
            .flatMap((fact) => (fact.type === 'MeterValuesRecorded' ? fact.readings : []))
            .map(({ readAt, registerMilliWh }) => `${readAt} ${registerMilliWh}`)
            .sort();
        expect(registers(story)).toEqual(registers(inTurn));
        expect(reasons(story)).toEqual([]);
      }),
    );
  });
});

describe('a gap', () => {
  it('holds back what is behind it, and heals', () => {
    const story = new TransactionStory().hear(started, authorized, metered, ended);
    expect(story.want).toBe('missing-events');
    expect(story.types().filter((type) => type === 'SessionStopped')).toEqual([]);
    story.hear(charging, full, stopped);
    expect(story.want).toBe('nothing');
    expect(story.told()).toEqual(inTurn.told());
  });

  it('that never heals costs no energy, and what comes after all counts', () => {
    const story = new TransactionStory().hear(started, authorized, charging, stopped, ended);
    story.giveUp();
    expect(story.want).toBe('nothing');
    expect(stopOf(story)).toMatchObject({ meterStopMilliWh: 1_600_000n });
    story.hear(full, metered);
    expect(story.facts.slice(-2)).toMatchObject([
      { type: 'ChargingStateChanged', chargingState: 'SuspendedEV', changedAt: at(4) },
      { type: 'MeterValuesRecorded', readings: [{ registerMilliWh: 1_300_000n }] },
    ]);
  });
});

describe('a charging state behind a gap', () => {
  it('is not taken for a repetition of what is before the gap', () => {
    const paused = event('Updated', 3, { chargingState: 'SuspendedEV' });
    const resumed = event('Updated', 4, { chargingState: 'Charging' });
    const story = new TransactionStory().hear(started, authorized, charging, resumed).giveUp();
    story.hear(paused);
    const states = story.facts.flatMap((fact) =>
      fact.type === 'ChargingStateChanged' ? [[fact.chargingState, fact.changedAt]] : [],
    );
    expect(states.slice(1)).toEqual([
      ['Charging', at(2)],
      ['Charging', at(4)],
      ['SuspendedEV', at(3)],
    ]);
    // What is heard now follows on the latest state, and not on the one told last.
    story.hear(event('Updated', 5, { chargingState: 'SuspendedEV' }));
    expect(story.facts.at(-1)).toMatchObject({ chargingState: 'SuspendedEV', changedAt: at(5) });
  });
});

describe('a vehicle that waits', () => {
  const waiting = (chargingState: 'SuspendedEVSE' | 'Charging', milliWh: bigint) =>
    new TransactionStory()
      .hear(
        event('Started', 0, {
          tokenMark: 'mark',
          grant,
          chargingState: 'EVConnected',
          readings: [register(1_000_000n, at(0), 'Transaction.Begin')],
        }),
        event('Updated', 1, { chargingState, readings: [register(milliWh, at(1))] }),
        event('Updated', 2, { chargingState: 'SuspendedEVSE' }),
        event('Updated', 3, { chargingState: 'EVConnected' }),
      )
      .facts.flatMap((fact) => (fact.type === 'ChargingStateChanged' ? fact.chargingState : []));
  it('for power before any energy has flowed is not idle', () =>
    expect(waiting('SuspendedEVSE', 1_000_000n).at(-1)).toBe('EVConnected'));
  it('is idle once energy has flowed, by its state or by its register', () => {
    expect(waiting('Charging', 1_000_000n).at(-1)).toBe('Idle');
    expect(waiting('SuspendedEVSE', 1_200_000n).at(-1)).toBe('Idle');
  });
});

describe('a second end', () => {
  it('with other words is evidence', () => {
    const other = event('Ended', 6, { readings: [register(1_700_000n, at(6))] });
    const story = new TransactionStory().hear(...all, other);
    expect(story.facts.at(-1)).toMatchObject({
      type: 'StopConflicted',
      meterStopMilliWh: 1_700_000n,
    });
    expect(stopOf(story)).toEqual(stopOf(inTurn));
  });
});

describe('a transaction without its first event', () => {
  it('waits, and is a session once it has come', () => {
    const story = new TransactionStory().hear(...all.slice(1)).giveUp();
    expect(story.types()).toEqual([]);
    expect(story.hear(started).told()).toEqual(inTurn.told());
  });
});

describe('a station that does not count its events', () => {
  it('is heard as it speaks', () => {
    const zero = all.map((one) => ({ ...one, seqNo: 0 }));
    const story = new TransactionStory().hear(...zero);
    expect(stopOf(story)).toEqual(stopOf(inTurn));
  });
});
