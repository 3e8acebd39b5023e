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
import type { HeardEvent } from './transaction-event';

const token = { tokenMark: 'mark-1', grant };
const started = event('Started', 0, {
  readings: [register(1_000_000n, at(0), 'Transaction.Begin')],
  chargingState: 'EVConnected',
  triggerReason: 'CablePluggedIn',
});

describe('a token that comes late', () => {
  it('begins the session, with the energy from before it', () => {
    const free = event('Updated', 1, { readings: [register(1_010_000n, at(1))] });
    const late = event('Updated', 2, token);
    const story = new TransactionStory().hear(started, free);
    expect([story.types(), story.want]).toEqual([[], 'nothing']);
    story.hear(late);
    expect(story.facts[0]).toMatchObject({ startedAt: at(2), meterStartMilliWh: 1_000_000n });
    const end = event('Ended', 3, { readings: [register(1_300_000n, at(3))] });
    story.hear(end);
    expect(stopOf(story)).toMatchObject({ meterStopMilliWh: 1_300_000n });
  });

  it('after more energy than its time allows makes a session that waits for a person', () => {
    const end = event('Ended', 1, { ...token, readings: [register(9_000_000n, at(1))] });
    const story = new TransactionStory().hear(started, end);
    expect(stopOf(story)).toMatchObject({ meterStopMilliWh: 9_000_000n });
    expect(reasons(story)).toEqual(['meter-jumped']);
  });

  it('that is refused lets the driver try another', () => {
    const refused = event('Updated', 1, { tokenMark: 'mark-2', grant: denial });
    const second = event('Updated', 2, token);
    const story = new TransactionStory().hear(started, refused);
    expect(story.types()).toEqual([]);
    story.hear(second);
    expect(story.facts[0]).toMatchObject({ startedAt: at(2), decision: { status: 'Accepted' } });
  });

  it('that stays refused makes a session at the end, which is not billed', () => {
    const refused = event('Updated', 1, { tokenMark: 'mark-2', grant: denial });
    const end = event('Ended', 2, { readings: [register(1_200_000n, at(2))] });
    const story = new TransactionStory().hear(started, refused, end);
    expect(stopOf(story)).toMatchObject({ meterStopMilliWh: 1_200_000n });
    expect(reasons(story)).toEqual(['token-not-accepted']);
  });

  it('may have been decided on by an event that overtook', () => {
    const { grant: _, ...undecided } = token;
    const story = new TransactionStory();
    story.hear(event('Updated', 5, token), started, event('Updated', 1, undecided));
    expect(story.facts[0]).toMatchObject({ startedAt: at(1), decision: { tokenRef: 'token-1' } });
  });
});

describe('a card that is shown before the cable is in', () => {
  const shown = event('Started', 0, { ...token, isUnplaced: true });
  const plugged = event('Updated', 1, {
    connectorId: 2,
    chargingState: 'Charging',
    readings: [register(1_000_000n, at(1))],
  });
  const end = event('Ended', 2, { readings: [register(1_200_000n, at(2))] });

  it('makes a session from the cable on, at its connector', () => {
    const story = new TransactionStory().hear(shown);
    expect([story.types(), story.want]).toEqual([[], 'nothing']);
    story.hear(plugged, end);
    expect(story.facts[0]).toMatchObject({
      connectorId: 2,
      startedAt: at(1),
      meterStartMilliWh: 1_000_000n,
    });
    expect(reasons(story)).toEqual([]);
    expect(new TransactionStory().hear(end, plugged, shown).told()).toEqual(story.told());
  });

  it('makes none when no cable comes', () => {
    const left = event('Ended', 1, { stoppedReason: 'Timeout' });
    const story = new TransactionStory().hear(shown, left);
    expect([story.types(), story.want]).toEqual([[], 'putting-aside']);
  });

  it('makes one for a person when energy came out of a connector that was never named', () => {
    const begun = event('Updated', 1, { readings: [register(1_000_000n, at(1))] });
    const story = new TransactionStory().hear(shown, begun, end);
    expect(stopOf(story)).toMatchObject({ meterStopMilliWh: 1_200_000n });
    expect(story.facts[0]).toMatchObject({ connectorId: 0 });
  });
});

describe('a token that never comes', () => {
  const end = event('Ended', 1, { readings: [register(1_500_000n, at(1))] });

  it('leaves a session for a person where energy was taken', () => {
    const story = new TransactionStory().hear(started, end);
    expect([story.types(), story.want]).toEqual([[], 'decision-about-nobody']);
    story.giveUp(denial);
    expect(story.facts[0]).toMatchObject({ startedAt: at(0), meterStartMilliWh: 1_000_000n });
    expect(stopOf(story)).toMatchObject({ meterStopMilliWh: 1_500_000n });
    expect(reasons(story)).toContain('token-not-accepted');
  });

  it('leaves nobody’s words where none was', () => {
    const idle = event('Ended', 1, { readings: [register(1_000_000n, at(1))] });
    const story = new TransactionStory().hear(started, idle);
    expect([story.types(), story.want]).toEqual([[], 'putting-aside']);
  });
});

describe('a register that is not said', () => {
  const bare = event('Started', 0, { ...token, chargingState: 'EVConnected' });
  const flowing = event('Updated', 1, {
    chargingState: 'Charging',
    readings: [register(1_000_000n, at(1))],
  });
  const end = (readings: HeardEvent['readings']) => event('Ended', 2, { readings });

  it('at the start is the first one, where nothing can have flowed before', () => {
    const story = new TransactionStory().hear(bare);
    expect(story.types()).toEqual([]);
    story.hear(flowing, end([register(1_200_000n, at(2))]));
    expect(story.facts[0]).toMatchObject({ startedAt: at(0), meterStartMilliWh: 1_000_000n });
    expect(reasons(story)).toEqual([]);
  });

  it('at the start is the one that the end repeats', () => {
    const readings = [
      register(900_000n, at(0), 'Transaction.Begin'),
      register(1_200_000n, at(2), 'Transaction.End'),
    ];
    const quiet = event('Updated', 1, { chargingState: 'Charging' });
    const story = new TransactionStory().hear(bare, quiet, end(readings));
    expect(story.facts[0]).toMatchObject({ meterStartMilliWh: 900_000n });
    expect(reasons(story)).toEqual([]);
  });

  it('at the start is doubted once something may have flowed', () => {
    const quiet = event('Updated', 1, { chargingState: 'Charging' });
    const metered = event('Updated', 2, { readings: [register(1_100_000n, at(2))] });
    const story = new TransactionStory().hear(bare, quiet, metered);
    expect(reasons(story)).toEqual(['start-register-unknown']);
  });

  it('at the end is the last one known, and doubted', () => {
    const story = new TransactionStory().hear(bare, flowing, end([]));
    expect(stopOf(story)).toMatchObject({ meterStopMilliWh: 1_000_000n });
    expect(reasons(story)).toEqual(['stop-register-unknown']);
  });

  it('anywhere leaves a session for a person', () => {
    const story = new TransactionStory().hear(bare, event('Ended', 1));
    expect(reasons(story)).toEqual(['start-register-unknown', 'stop-register-unknown']);
  });
});
