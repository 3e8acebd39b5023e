import { planSessions, sessionKinds } from './session-plan';

const options = { seed: 'spec', sessions: 200, seconds: 240 };
const sessionsOf = (plan: ReturnType<typeof planSessions>) =>
  plan.visits.flatMap(({ sessions }) => sessions);

describe('a plan of sessions', () => {
  it('follows from its seed alone', () => {
    expect(planSessions(options)).toEqual(planSessions(options));
    expect(planSessions({ ...options, seed: 'other' })).not.toEqual(planSessions(options));
  });

  it('has every session once, and as many as were asked for', () => {
    const ids = sessionsOf(planSessions(options)).map(({ id }) => id);
    expect(ids).toHaveLength(200);
    expect(new Set(ids).size).toBe(200);
  });

  it('has every kind, even when it is short', () => {
    const kinds = sessionsOf(planSessions({ ...options, sessions: sessionKinds.length })).map(
      ({ kind }) => kind,
    );
    expect([...kinds].sort()).toEqual([...sessionKinds].sort());
  });

  it('sends each session to a charger with its tariff, within the time', () => {
    const { chargePoints, visits } = planSessions(options);
    for (const { chargePointId, sessions, atSeconds } of visits) {
      const point = chargePoints.find(({ id }) => id === chargePointId);
      expect(sessions.map(({ tariff }) => tariff)).toEqual(sessions.map(() => point?.tariff));
      expect(atSeconds).toBeLessThanOrEqual(options.seconds + 1);
    }
  });

  it('has sessions side by side on several connectors, and one after another on one', () => {
    const pairs = planSessions(options).visits.filter(({ sessions }) => sessions.length === 2);
    const isOnOne = pairs.map(
      ({ sessions: [first, second] }) => first?.connectorId === second?.connectorId,
    );
    expect(isOnOne).toEqual(pairs.map(({ inTurn }) => inTurn));
    expect(new Set(isOnOne)).toEqual(new Set([true, false]));
  });
});
