import type { RegistryEvent, SessionEvent } from '@tallywatt/contracts';
import { baseTariff, ruleOf } from '../testing/example-rule';
import { replayRule, type SiteFact } from './rule-replay';
import { pricesOf } from './tariff-prices';

const at = (time: string): string => `2026-11-20T${time}:00.000Z`;
const registered: SiteFact = {
  recordedAt: at('09:00'),
  event: {
    type: 'ChargePointRegistered',
    cpoId: 'default',
    chargePointId: 'CP-1',
    location: { locationId: 'LOC-1', timeZone: 'Europe/Berlin' },
    connectors: [{ connectorId: 1 }, { connectorId: 2 }],
  } as unknown as RegistryEvent,
};
const started = (connectorId: number, startedAt: string, recordedAt = startedAt): SiteFact => ({
  recordedAt,
  event: {
    type: 'SessionStarted',
    cpoId: 'default',
    sessionId: `session-${connectorId}`,
    chargePointId: 'CP-1',
    connectorId,
    startedAt,
    location: { locationId: 'LOC-1' },
  } as unknown as SessionEvent,
});
const closed = (connectorId: number, closedAt: string): SiteFact => ({
  recordedAt: closedAt,
  event: {
    type: 'SessionClosed',
    cpoId: 'default',
    sessionId: `session-${connectorId}`,
    closedAt,
  } as unknown as SessionEvent,
});
const replay = (facts: readonly SiteFact[], from = at('10:00'), to = at('16:00')) =>
  replayRule(ruleOf(), baseTariff, facts, { from, to });
const told = (facts: readonly SiteFact[]) =>
  replay(facts).versions.map(({ localTime, document }) => [
    localTime,
    Number(pricesOf(document)[0]?.price.unscaled),
  ]);

describe('a rule replayed over past days', () => {
  it('publishes at the minute in which its site is known to be full, and to be empty again', () => {
    const facts = [registered, started(1, at('12:00')), started(2, at('12:30'))];
    expect(told([...facts, closed(1, at('14:00')), closed(2, at('15:00'))])).toEqual([
      ['13:30:00', 6],
      ['15:00:00', 5],
    ]);
  });

  it('does not know what was recorded later', () => {
    const facts = [
      registered,
      started(1, at('12:00')),
      closed(1, at('14:00')),
      // It was offline: at two o'clock nobody is there any more.
      started(2, at('12:30'), at('14:10')),
    ];
    expect(told(facts)).toEqual([]);
  });

  it('counts a start for an hour, also of a session that is over', () => {
    const facts = [
      registered,
      started(1, at('20:50')),
      closed(1, at('20:52')),
      started(2, at('20:55')),
      closed(2, at('20:57')),
    ];
    // At ten in the evening two began within the hour; the night's step asks for fewer.
    const { versions } = replay(facts, at('20:00'), at('23:00'));
    expect(versions.map(({ localTime }) => localTime)).toEqual(['22:50:00']);
  });

  it('counts the minutes in which nothing was known of its site', () => {
    const { versions, minutesUnknown } = replay([{ ...registered, recordedAt: at('10:05') }]);
    expect(versions).toEqual([]);
    expect([...minutesUnknown]).toEqual([['location-without-connectors', 5]]);
  });
});
