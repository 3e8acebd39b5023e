import type { CdrEvent, CdrIssued, CreditCdrIssued, SessionEvent } from '@tallywatt/contracts';
import { fold } from '@tallywatt/decider';
import { entryFaults, trialBalance } from '@tallywatt/accounting';
import { cdrIdOf, creditCdrIdOf } from './cdr';
import { postingFor } from './posting-rules';
import { ratedSession, type RatedSessionEvent } from './rated-session';
import { progressOf } from './session-progress';
import {
  allDecided,
  because,
  closed,
  corrected,
  dayAndEvening,
  decided,
  flatEnergy,
  given,
  identity,
  quarantined,
  reading,
  released,
  started,
  stopped,
} from './testing/charging-story';

const { cpoId, sessionId } = identity;

// 10 kWh instead of 12: 10 x 0.50 = 5.00, and 19 % of it 0.95
const tenKiloWattHours = corrected(1_010_000_000n);

const history = [started(), stopped, closed()];
const first = decided(flatEnergy, ...history) as CdrIssued;

const correction = (...late: SessionEvent[]): [CreditCdrIssued, CdrIssued] => {
  const events = allDecided(flatEnergy, ...history, first, ...late);
  expect(events.map(({ type }) => type)).toEqual(['CreditCdrIssued', 'CdrIssued']);
  return events as [CreditCdrIssued, CdrIssued];
};

describe('a session with a CDR', () => {
  it.each<[string, SessionEvent]>([
    ['second close', closed('2026-06-01T16:00:00.000Z')],
    ['late reading that moves no boundary', reading('2026-06-01T13:50:00.000Z', 1_003_000_000n)],
    ['stop corrected to what it was', corrected(1_012_000_000n)],
  ])('is not billed again for a %s, which is kept', (_, late) => {
    given(...history, first, late)
      .when(flatEnergy)
      .thenIgnored('cdr-already-issued');
    const session = fold(ratedSession, [...history, first]);
    const progress = progressOf(session, late, () => flatEnergy.pinned);
    expect(progress).toMatchObject({ isLate: true, cdrs: [] });
  });

  it('is credited whole and billed anew when its stop is corrected', () => {
    const [credit, second] = correction(tenKiloWattHours);
    expect(credit).toMatchObject({
      cdrId: creditCdrIdOf(cpoId, sessionId, 1),
      creditedCdrId: first.cdrId,
      reason: because,
      energyMilliWh: -12_000_000n,
      totalExclTaxMinor: -600n,
      totalTaxMinor: -114n,
      totalInclTaxMinor: -714n,
      lines: [{ quantity: '-12', unitPrice: first.lines[0]?.unitPrice, amountMinor: -600n }],
    });
    expect(second).toMatchObject({
      cdrId: cdrIdOf(cpoId, sessionId, 2),
      replacesCdrId: first.cdrId,
      energyMilliWh: 10_000_000n,
      totalInclTaxMinor: 595n,
    });
  });

  it('is billed anew when a late reading moves a tariff boundary', () => {
    const evening = decided(dayAndEvening, ...history) as CdrIssued;
    const late = reading('2026-06-01T14:00:00.000Z', 1_003_000_000n);
    const events = allDecided(dayAndEvening, ...history, evening, late);
    // 3 kWh x 0.40 + 9 kWh x 0.60 = 6.60 in place of a straight line over 70 minutes
    expect(events[1]).toMatchObject({ totalExclTaxMinor: 660n });
  });

  it('counts its CDRs on, and credits the one that stands', () => {
    const [credit, second] = correction(tenKiloWattHours);
    const elevenKiloWattHours = corrected(1_011_000_000n);
    const told = [...history, first, tenKiloWattHours, credit, second, elevenKiloWattHours];
    const [next, third] = allDecided(flatEnergy, ...told);
    expect(next).toMatchObject({ creditedCdrId: second.cdrId, totalInclTaxMinor: -595n });
    expect(third).toMatchObject({
      cdrId: cdrIdOf(cpoId, sessionId, 3),
      replacesCdrId: second.cdrId,
    });
  });

  it('keeps its CDR under a late quarantine, and says once that it is in doubt', () => {
    const withheld = decided(flatEnergy, ...history, first, quarantined('meter-jumped'));
    expect(withheld).toMatchObject({ type: 'CdrWithheld', reason: 'meter-jumped' });
    expect(withheld).not.toHaveProperty('moneyAtRisk');
    const doubted = [...history, first, quarantined('meter-jumped'), withheld];
    given(...doubted, closed())
      .when(flatEnergy)
      .thenIgnored('cdr-already-withheld');
  });

  it('is billed anew when the doubt is over, also for the same, so that its stream says so', () => {
    const doubt = quarantined('meter-jumped');
    const withheld = decided(flatEnergy, ...history, first, doubt);
    const over = [...history, first, doubt, withheld, released('meter-jumped')];
    const events = allDecided(flatEnergy, ...over);
    expect(events).toMatchObject([
      { type: 'CreditCdrIssued', creditedCdrId: first.cdrId },
      { type: 'CdrIssued', replacesCdrId: first.cdrId, totalInclTaxMinor: 714n },
    ]);
    // The same doubt after that CDR is another fact, in other words.
    const again = decided(flatEnergy, ...over, ...events, doubt);
    expect(again).toMatchObject({ type: 'CdrWithheld', reason: 'meter-jumped' });
    expect(again).not.toEqual(withheld);
  });

  it('says no reason twice in the same words, also with another in between', () => {
    const [jumped, back] = [quarantined('meter-jumped'), released('meter-jumped')];
    const clock = quarantined('clock-implausible');
    const told: RatedSessionEvent[] = [...history, first, jumped];
    told.push(decided(flatEnergy, ...told));
    told.push(clock);
    told.push(decided(flatEnergy, ...told));
    told.push(back);
    told.push(decided(flatEnergy, ...told));
    told.push(released('clock-implausible'), jumped);
    given(...told)
      .when(flatEnergy)
      .thenIgnored('cdr-already-withheld');
  });

  it('tells in its credit CDR which fact changed the price', () => {
    const session = fold(ratedSession, [...history, first]);
    const { cdrs } = progressOf(session, tenKiloWattHours, () => flatEnergy.pinned);
    expect(cdrs[0]).toMatchObject({ reason: 'The stop was corrected: Photograph of the meter.' });
  });
});

describe('a session that was closed by its stop', () => {
  it('ends with the stop, also when that is corrected', () => {
    const byStop: SessionEvent = {
      type: 'SessionClosed',
      ...identity,
      closedAt: '2026-06-01T14:40:00.000Z',
      closedBy: 'stop',
    };
    const earlier = { ...tenKiloWattHours, stoppedAt: '2026-06-01T14:30:00.000Z' } as SessionEvent;
    const cdr = decided(flatEnergy, started(), stopped, byStop);
    const [, second] = allDecided(flatEnergy, started(), stopped, byStop, cdr, earlier);
    expect(second).toMatchObject({
      stoppedAt: '2026-06-01T14:30:00.000Z',
      closedAt: '2026-06-01T14:30:00.000Z',
      parkingSeconds: 0n,
    });
  });
});

describe('a session that was closed by time alone', () => {
  it('ends with the stop too: nobody has seen the vehicle stay', () => {
    const byTime = { ...closed(), closedBy: 'time-out' } as SessionEvent;
    const earlier = { ...tenKiloWattHours, stoppedAt: '2026-06-01T14:30:00.000Z' } as SessionEvent;
    const cdr = decided(flatEnergy, started(), stopped, byTime);
    const [, second] = allDecided(flatEnergy, started(), stopped, byTime, cdr, earlier);
    expect(second).toMatchObject({ closedAt: '2026-06-01T14:30:00.000Z', parkingSeconds: 0n });
  });
});

describe('the books after a correction', () => {
  it('hold what the CDR that stands says, and nothing else', () => {
    const context = { taxJurisdiction: 'de', isPosted: () => false };
    const drafts = (...cdrs: CdrEvent[]) =>
      cdrs.map((cdr) => {
        const posting = postingFor(cdr, context);
        if (posting.kind === 'none') throw new Error(posting.reason);
        expect(entryFaults(posting.draft)).toEqual([]);
        return posting.draft;
      });
    const [credit, second] = correction(tenKiloWattHours);
    expect(drafts(credit)[0]).toMatchObject({ rule: 'cdr.credited', documentId: credit.cdrId });
    const balances = (...cdrs: CdrEvent[]) =>
      trialBalance(drafts(...cdrs)).map(({ account, balanceMinor }) => [account, balanceMinor]);
    expect(balances(first, credit, second)).toEqual(balances(second));
  });
});
