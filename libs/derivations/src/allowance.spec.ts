import type { AllowanceEvent, SessionEvent } from '@tallywatt/contracts';
import { fold } from '@tallywatt/decider';
import { specification } from '@tallywatt/testing';
import fc from 'fast-check';
import { allowance, drawDue, type DrawAllowance } from './allowance';
import { factsOf, type SessionFacts } from './session-facts';
import { afterFact } from './settled-energy';
import {
  closed,
  corrected,
  decision,
  drawing,
  identity,
  quarantined,
  reading,
  released,
  started,
  stopped,
} from './testing/charging-story';

const { given } = specification(allowance);
const kWh = 1_000_000n;
const monthlyMilliWh = 10n * kWh;
const month = { cpoId: 'default', subjectRef: 'driver-1', period: '2026-11', monthlyMilliWh };

const draw = (sessionId: string, energyKWh: bigint, energyRevision = 1): DrawAllowance => ({
  type: 'DrawAllowance',
  ...month,
  sessionId,
  energyRevision,
  sessionEnergyMilliWh: energyKWh * kWh,
});
const drawn = (
  { type: _, ...session }: DrawAllowance,
  now: bigint,
  inAll: bigint,
  left: bigint,
): AllowanceEvent => ({
  type: 'AllowanceDrawn',
  ...session,
  drawnMilliWh: now * kWh,
  sessionDrawnMilliWh: inAll * kWh,
  leftMilliWh: left * kWh,
});

describe('10 kWh a month', () => {
  const first = drawn(draw('s-1', 6n), 6n, 6n, 4n);
  const second = drawn(draw('s-2', 7n), 4n, 4n, 0n);

  it('cover the first session whole', () => given().when(draw('s-1', 6n)).then(first));
  it('cover the second as far as they go', () => given(first).when(draw('s-2', 7n)).then(second));
  it('leave nothing for the third, which is said', () =>
    given(first, second)
      .when(draw('s-3', 5n))
      .then(drawn(draw('s-3', 5n), 0n, 0n, 0n)));
  it('are drawn once for an energy, however often it is told', () =>
    given(first).when(draw('s-1', 6n)).thenIgnored('energy-already-drawn-for'));
  it('are not drawn again for an energy that was corrected since', () =>
    given(first, drawn(draw('s-1', 8n, 2), 2n, 8n, 2n))
      .when(draw('s-1', 6n))
      .thenIgnored('energy-already-drawn-for'));
});

describe('a session that was settled anew', () => {
  const first = drawn(draw('s-1', 6n), 6n, 6n, 4n);
  const second = drawn(draw('s-2', 7n), 4n, 4n, 0n);

  it('gives back what it did not take', () => {
    const { type: _, ...session } = draw('s-1', 5n, 2);
    given(first, second)
      .when(draw('s-1', 5n, 2))
      .then({
        type: 'AllowanceReturned',
        ...session,
        returnedMilliWh: kWh,
        sessionDrawnMilliWh: 5n * kWh,
        leftMilliWh: kWh,
      });
  });
  it('draws more when it took more and something is left', () =>
    given(first)
      .when(draw('s-1', 9n, 2))
      .then(drawn(draw('s-1', 9n, 2), 3n, 9n, 1n)));
  it('says that it draws nothing more when nothing is left', () =>
    given(first, second)
      .when(draw('s-2', 9n, 2))
      .then(drawn(draw('s-2', 9n, 2), 0n, 4n, 0n)));
  it('keeps what it has when its own tariff includes less than others drew', () => {
    const large = { ...draw('s-2', 30n), monthlyMilliWh: 40n * kWh };
    const others = drawn(large, 30n, 30n, 4n);
    given(first, others)
      .when(draw('s-1', 9n, 2))
      .then(drawn(draw('s-1', 9n, 2), 0n, 6n, 0n));
  });
});

it('never hands out more than is included, nor to a session more than it took', () => {
  const telling = fc.record({
    session: fc.integer({ min: 0, max: 4 }),
    energyMilliWh: fc.bigInt({ min: 0n, max: 6n * kWh }),
  });
  fc.assert(
    fc.property(fc.array(telling, { maxLength: 20 }), (tellings) => {
      const revisions = new Map<string, number>();
      const energies = new Map<string, bigint>();
      const events: AllowanceEvent[] = [];
      for (const { session, energyMilliWh } of tellings) {
        const sessionId = `s-${session}`;
        const energyRevision = (revisions.get(sessionId) ?? 0) + 1;
        revisions.set(sessionId, energyRevision);
        energies.set(sessionId, energyMilliWh);
        const command = {
          ...draw(sessionId, 0n, energyRevision),
          sessionEnergyMilliWh: energyMilliWh,
        };
        const decided = allowance.decide(command, fold(allowance, events));
        if (decided.kind === 'accepted') events.push(...decided.events);
      }
      const { drawnMilliWh, sessions } = fold(allowance, events);
      const parts = [...sessions.values()].map((one) => one.drawnMilliWh);
      expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(drawnMilliWh);
      expect(drawnMilliWh <= monthlyMilliWh).toBe(true);
      for (const [sessionId, { drawnMilliWh: own }] of sessions) {
        expect(own >= 0n && own <= (energies.get(sessionId) ?? -1n)).toBe(true);
      }
    }),
  );
});

describe('the facts of a session', () => {
  const start = factsOf(started({ decision: drawing }));
  const asked = (...events: SessionEvent[]): DrawAllowance[] => {
    let facts: SessionFacts = start;
    return events.flatMap((event) => {
      const before = facts;
      facts = afterFact(before, event);
      return drawDue(before, facts) ?? [];
    });
  };

  it('ask for a draw once it is over', () =>
    expect(asked(stopped, closed())).toEqual([
      {
        type: 'DrawAllowance',
        cpoId: identity.cpoId,
        subjectRef: 'driver-1',
        period: '2026-06',
        sessionId: identity.sessionId,
        energyRevision: 1,
        sessionEnergyMilliWh: 12n * kWh,
        monthlyMilliWh,
      },
    ]));
  it('ask for none when nothing is included', () => {
    const facts = afterFact(afterFact(factsOf(started({ decision })), stopped), closed());
    expect(facts).not.toHaveProperty('settledEnergy');
    expect(drawDue(undefined, facts)).toBeUndefined();
  });
  it('ask again when they change the energy, and only then', () =>
    expect(
      asked(
        stopped,
        closed(),
        closed(),
        reading('2026-06-01T13:50:00.000Z', 1_003_000_000n),
        corrected(1_012_000_000n),
        corrected(1_010_000_000n),
      ),
    ).toMatchObject([
      { energyRevision: 1, sessionEnergyMilliWh: 12n * kWh },
      { energyRevision: 2, sessionEnergyMilliWh: 10n * kWh },
    ]));
  it('ask for none while the energy is in doubt, and then for what it is', () =>
    expect(
      asked(stopped, quarantined('meter-jumped'), closed(), released('meter-jumped')),
    ).toMatchObject([{ energyRevision: 1 }]));
  it('leave a draw as it is when they make the energy unknown', () =>
    expect(asked(stopped, closed(), corrected(1n))).toHaveLength(1));
  it('name the month of the start at the location', () => {
    const late = started({ decision: drawing, startedAt: '2026-05-31T22:30:00.000Z' });
    const facts = [stopped, closed()].reduce(afterFact, factsOf(late));
    // 00:30 on 1 June in Berlin
    expect(drawDue(undefined, facts)).toMatchObject({ period: '2026-06' });
  });
  it('name the month that was decided for, whatever start a charger without a clock claims', () => {
    const includedEnergy = { subjectRef: 'driver-1', monthlyMilliWh, period: '2026-06' };
    const unset = started({
      decision: { ...drawing, includedEnergy },
      startedAt: '1970-01-01T00:00:10.000Z',
    });
    const told = [
      quarantined('clock-implausible'),
      { ...stopped, stoppedAt: '1970-01-01T01:10:00.000Z' } as SessionEvent,
      closed('1970-01-01T01:10:00.000Z'),
      released('clock-implausible'),
    ];
    const facts = told.reduce(afterFact, factsOf(unset));
    expect(drawDue(undefined, facts)).toMatchObject({ period: '2026-06' });
  });
});
