import type { SessionEvent } from '@tallywatt/contracts';
import fc from 'fast-check';
import { instantFromEpochMs, parseInstant } from '@tallywatt/time';
import {
  siteObservation,
  siteSessionAfter,
  type SiteChargePoint,
  type SiteSession,
} from './site-observation';

const at = '2026-11-20T17:00:00.000Z';
const chargePoint = (name: string, changes: Partial<SiteChargePoint> = {}): SiteChargePoint => ({
  cpoId: 'default',
  chargePointId: name,
  locationId: 'LOC-1',
  timeZone: 'Europe/Berlin',
  connectorIds: [1, 2],
  ...changes,
});
const session = (name: string, changes: Partial<SiteSession> = {}): SiteSession => ({
  cpoId: 'default',
  sessionId: name,
  locationId: 'LOC-1',
  chargePointId: 'CP-1',
  connectorId: 1,
  startedAt: '2026-11-20T16:30:00.000Z',
  ...changes,
});
const chargePoints = [chargePoint('CP-1'), chargePoint('CP-2')];
const observe = (sessions: readonly SiteSession[], points = chargePoints) =>
  siteObservation({ chargePoints: points, sessions }, ['LOC-1'], at);

describe('what is observed of a site', () => {
  it('is connectors in session, and starts of the hour before', () => {
    const sessions = [
      session('goes on'),
      session('at a connector that is counted already'),
      session('long ago, goes on', { connectorId: 2, startedAt: '2026-11-20T16:00:00.000Z' }),
      session('over', { chargePointId: 'CP-2', closedAt: at }),
      session('to come', { chargePointId: 'CP-2', startedAt: '2026-11-20T17:00:00.001Z' }),
      session('elsewhere', { locationId: 'LOC-2', chargePointId: 'CP-9' }),
    ];
    expect(observe(sessions)).toEqual({
      observedAt: at,
      timeZone: 'Europe/Berlin',
      connectors: 4,
      connectorsInSession: 2,
      sessionsStartedInHour: 3,
    });
  });

  it('is unknown, and not empty, without connectors or with two clocks', () => {
    expect(observe([], [chargePoint('CP-1', { connectorIds: [] })])).toEqual({
      unknown: 'location-without-connectors',
      detail: 'LOC-1',
    });
    expect(observe([], [...chargePoints, chargePoint('CP-3', { timeZone: 'UTC' })])).toMatchObject({
      unknown: 'time-zones-differ',
    });
    expect(observe([], [chargePoint('CP-1', { timeZone: 'Mars/Olympus' })])).toMatchObject({
      unknown: 'time-zone-unknown',
    });
  });

  it('has a connector in session for each vehicle whose EVSE nobody named', () => {
    const unnamed = (name: string) => session(name, { connectorId: 0 });
    const inSession = (...sessions: SiteSession[]) => observe(sessions);
    expect(inSession(unnamed('a'))).toMatchObject({ connectorsInSession: 1 });
    expect(inSession(unnamed('a'), unnamed('a'), unnamed('b'))).toMatchObject({
      connectorsInSession: 2,
    });
    expect(inSession(unnamed('a'), session('b'))).toMatchObject({
      connectorsInSession: 2,
    });
  });

  it('has no more connectors in session than a charge point has', () => {
    const sessions = [0, 0, 1, 2, 3].map((connectorId, index) =>
      session(`${index}`, { connectorId }),
    );
    const elsewhere = session('moved away', { chargePointId: 'CP-9' });
    expect(observe([...sessions, elsewhere])).toMatchObject({
      connectors: 4,
      connectorsInSession: 2,
    });
  });

  it('does not depend on the order in which facts came', () => {
    const atMs = parseInstant(at);
    const anyInstant = fc
      .integer({ min: -180, max: 30 })
      .map((minutes) => instantFromEpochMs(atMs + minutes * 60_000));
    const anySession = fc.record({
      name: fc.uuid(),
      connectorId: fc.integer({ min: 0, max: 2 }),
      chargePointId: fc.constantFrom('CP-1', 'CP-2'),
      startedAt: anyInstant,
      closedAt: fc.option(anyInstant, { nil: undefined }),
    });
    const facts = fc
      .array(anySession, { maxLength: 12 })
      .map((all) =>
        all.map(({ name, closedAt, ...rest }) =>
          session(name, { ...rest, ...(closedAt === undefined ? {} : { closedAt }) }),
        ),
      );
    const shuffled = facts.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, ([all, otherwise]) => {
        expect(observe([...otherwise, ...otherwise], [...chargePoints].reverse())).toEqual(
          observe(all),
        );
      }),
    );
  });
});

describe('a session, as its site sees it', () => {
  const { closedAt: _, ...identity } = session('1');
  const started = {
    ...identity,
    type: 'SessionStarted',
    location: { locationId: 'LOC-1' },
  } as unknown as SessionEvent;
  const closed = { ...identity, type: 'SessionClosed', closedAt: at } as unknown as SessionEvent;
  const stopped = { ...identity, type: 'SessionStopped', stoppedAt: at } as unknown as SessionEvent;

  it('keeps its connector until it is closed', () => {
    const begun = siteSessionAfter(undefined, started);
    expect(begun).toEqual(session('1'));
    expect(siteSessionAfter(begun, stopped)).toEqual(begun);
    expect(siteSessionAfter(begun, closed)).toEqual({ ...begun, closedAt: at });
    expect(siteSessionAfter(siteSessionAfter(begun, closed), started)).toHaveProperty('closedAt');
  });
});
