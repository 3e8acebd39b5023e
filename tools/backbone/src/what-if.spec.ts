import type { CdrEvent, SessionEvent } from '@tallywatt/contracts';
import fc from 'fast-check';
import { SessionWhatIf, type SessionAnswer, type WhatIfQuestion } from './session-what-if';
import { cdrsOf, pinnedTo, startOf, storyOf, tariffJson, tariffOf } from './testing/what-if-story';
import { cpoId } from './testing/billed-session';
import { whatIfCsv, whatIfTable } from './what-if-formats';
import { whatIfReport } from './what-if-report';

const energyAt = (price: number): string => tariffJson([{ type: 'ENERGY', price }]);
const dearer: WhatIfQuestion = { cpoId, tariff: tariffOf(energyAt(0.5)) };

const ask = (
  question: WhatIfQuestion,
  story: readonly SessionEvent[],
  cdrs: readonly CdrEvent[] = cdrsOf(story),
): SessionAnswer | undefined => {
  const session = SessionWhatIf.of(question, startOf(story));
  story.forEach((event, index) => session?.takeFact(event, BigInt(index + 1)));
  cdrs.forEach((event, index) => session?.takeCdr(event, BigInt(index + 1)));
  return session?.answer();
};

const quarantined = (sessionId: string): SessionEvent => ({
  type: 'SessionQuarantined',
  cpoId,
  sessionId,
  reason: 'meter-implausible',
  detail: 'the meter jumped',
});
const corrected = (sessionId: string, meterStopMilliWh: bigint): SessionEvent => ({
  type: 'StopCorrected',
  cpoId,
  sessionId,
  stoppedAt: '2026-11-20T11:00:00.000Z',
  meterStopMilliWh,
  correctedBy: 'operator',
  reason: 'read at the meter',
});
const berlin = {
  locationId: 'LOC-1',
  timeZone: 'Europe/Berlin',
  currency: 'EUR',
  taxRatePercent: { unscaled: 19n, scale: 0 },
};

describe('a session', () => {
  it('is rated by the facts of its CDR: 10 kWh at 0.45 then, at 0.50 now', () =>
    expect(ask(dearer, storyOf('s-1'))).toEqual({
      sessionId: 's-1',
      locationId: 'LOC-1',
      day: '2026-11-20',
      currency: 'EUR',
      kind: 'priced',
      energyMilliWh: 10_000_000n,
      thenMinor: 450n,
      nowMinor: 500n,
      idleUnknown: false,
    }));

  it('counts with the CDR that stands: a corrected stop counts once, on both sides', () => {
    const story = storyOf('s-1', { afterClose: [corrected('s-1', 9_000_000n)] });
    const cdrs = cdrsOf(story);
    expect(cdrs.map(({ type }) => type)).toEqual(['CdrIssued', 'CreditCdrIssued', 'CdrIssued']);
    const answer = { kind: 'priced', energyMilliWh: 8_000_000n, thenMinor: 360n, nowMinor: 400n };
    expect(ask(dearer, story, cdrs)).toMatchObject(answer);
  });

  it('whose correction is withheld keeps its CDR, under the other tariff too', () => {
    const story = storyOf('s-1', {
      afterClose: [quarantined('s-1'), corrected('s-1', 9_000_000n)],
    });
    const cdrs = cdrsOf(story);
    expect(cdrs.map(({ type }) => type)).toEqual(['CdrIssued', 'CdrWithheld']);
    expect(ask(dearer, story, cdrs)).toMatchObject({ kind: 'priced', thenMinor: 450n });
  });

  it('that the tariff cannot price is named with its reason, and is not zero', () =>
    expect(
      ask({ cpoId, tariff: tariffOf(tariffJson([{ type: 'ENERGY', price: 1 }], 'USD')) }, [
        ...storyOf('s-1'),
      ]),
    ).toMatchObject({ kind: 'not-priced', reason: 'currency-mismatch', thenMinor: 450n }));

  it('that was withheld is withheld', () =>
    expect(ask(dearer, storyOf('s-1', { beforeClose: [quarantined('s-1')] }))).toMatchObject({
      kind: 'withheld',
      reason: 'meter-implausible',
      detail: 'the meter jumped',
    }));

  it('without CDR or refusal is not billed', () =>
    expect(ask(dearer, storyOf('s-1').slice(0, 2))).toMatchObject({ kind: 'not-billed' }));

  it('of which a record is missing is not priced from the others', () => {
    const story = storyOf('s-1');
    const session = SessionWhatIf.of(dearer, startOf(story));
    story.forEach((event, index) => {
      if (index !== 1) session?.takeFact(event, BigInt(index + 1));
    });
    cdrsOf(story).forEach((event) => session?.takeCdr(event, 1n));
    expect(session?.answer()).toMatchObject({
      kind: 'not-priced',
      reason: 'log-unsound',
      detail: 'fact 2 of the session is missing',
    });
  });

  it('whose CDR cannot be read is not taken for one without a bill', () => {
    const story = storyOf('s-1');
    const session = SessionWhatIf.of(dearer, startOf(story));
    story.forEach((event, index) => session?.takeFact(event, BigInt(index + 1)));
    session?.spoil('pricing.cdrs.v1/0@7: is torn');
    expect(session?.answer()).toMatchObject({
      kind: 'withheld',
      reason: 'log-unsound',
      detail: 'pricing.cdrs.v1/0@7: is torn',
    });
  });

  it('that ended with its stop does not tell how long it stayed', () => {
    const withIdle = tariffJson([
      { type: 'ENERGY', price: 0.5 },
      { type: 'PARKING_TIME', price: 6 },
    ]);
    expect(ask({ cpoId, tariff: tariffOf(withIdle) }, storyOf('s-1'))).toMatchObject({
      kind: 'priced',
      nowMinor: 500n,
      idleUnknown: true,
    });
  });
});

describe('a range', () => {
  // 10:00 UTC is 00:00 of the next day there.
  const kiritimati = storyOf('s-1', {
    started: { location: { ...berlin, timeZone: 'Pacific/Kiritimati' } },
  });

  it.each([
    [{ from: '2026-11-21' }, true],
    [{ to: '2026-11-21' }, false],
    [{ from: '2026-11-21', to: '2026-11-22' }, true],
    [{ from: '2026-11-22' }, false],
    [{ locationId: 'LOC-1' }, true],
    [{ locationId: 'LOC-2' }, false],
    [{ replaces: 'flat' }, true],
    [{ replaces: 'other' }, false],
    [{ cpoId: 'another' }, false],
  ])('%j of local days, locations and tariffs: %s', (changes, isAsked) => {
    const answer = ask({ ...dearer, ...changes }, kiritimati);
    expect(answer === undefined ? 'not asked' : answer.day).toBe(
      isAsked ? '2026-11-21' : 'not asked',
    );
  });

  it('holds a session whose time zone nobody knows: its day is unknown, not absent', () => {
    const nowhere = storyOf('s-1', {
      started: { location: { ...berlin, timeZone: 'Mars/Olympus' } },
    });
    expect(ask({ ...dearer, from: '2027-01-01' }, nowhere)).toMatchObject({
      day: 'unknown',
      kind: 'withheld',
      reason: 'time-zone-unknown',
    });
  });
});

describe('a report', () => {
  const yen = { ...berlin, locationId: 'LOC, 2', timeZone: 'Asia/Tokyo', currency: 'JPY' };
  const inYen = tariffJson([{ type: 'ENERGY', price: 60 }], 'JPY');
  const yenStory = pinnedTo(storyOf('s-3', { started: { location: yen } }), inYen);
  const asked = (story: readonly SessionEvent[], cdrs?: readonly CdrEvent[]): SessionAnswer => {
    const answer = ask(dearer, story, cdrs);
    if (answer === undefined) throw new Error('not asked');
    return answer;
  };
  const report = whatIfReport([
    asked(storyOf('s-1')),
    asked(storyOf('s-2', { afterClose: [corrected('s-2', 9_000_000n)] })),
    asked(yenStory, cdrsOf(yenStory, inYen)),
    asked(storyOf('s-4', { beforeClose: [quarantined('s-4')] })),
    asked(storyOf('s-5').slice(0, 1)),
  ]);

  it('adds up by location, day and currency, and never two currencies', () => {
    expect(report.totals).toEqual([
      {
        currency: 'EUR',
        sessions: 2,
        energyMilliWh: 18_000_000n,
        revenueThenMinor: 810n,
        revenueNowMinor: 900n,
        differenceMinor: 90n,
        notPriced: 0,
        notPricedThenMinor: 0n,
        withheld: 1,
        notBilled: 1,
      },
      {
        currency: 'JPY',
        sessions: 0,
        energyMilliWh: 0n,
        revenueThenMinor: 0n,
        revenueNowMinor: 0n,
        differenceMinor: 0n,
        notPriced: 1,
        notPricedThenMinor: 600n,
        withheld: 0,
        notBilled: 0,
      },
    ]);
    expect(report.rows.map(({ locationId, day }) => `${locationId} ${day}`)).toEqual([
      'LOC, 2 2026-11-20',
      'LOC-1 2026-11-20',
    ]);
  });

  it('is a table that says what is in neither sum', () => {
    const table = whatIfTable(report);
    expect(table).toMatch(
      /^LOC-1 +2026-11-20 +2 +18 +8\.10 +9\.00 +\+0\.90 +EUR +0 +0\.00 +1 +1$/m,
    );
    expect(table).toContain('Left out of both: 600 JPY of revenue then.');
    expect(table).toMatch(/not priced now: currency-mismatch, 1\n {2}s-3 {2}/);
    expect(table).toContain('withheld then: meter-implausible, 1\n  s-4  the meter jumped');
  });

  it('is a table of rows for a spreadsheet', () =>
    expect(whatIfCsv(report).split('\r\n').slice(1)).toEqual([
      '"LOC, 2",2026-11-20,JPY,0,0.000000,0,0,0,1,600,0,0',
      'LOC-1,2026-11-20,EUR,2,18.000000,8.10,9.00,0.90,0,0.00,1,1',
      '',
    ]));
});

/** Any session: any start, place and energy, quarantined or not, corrected or told more later. */
const anyStory = fc
  .record({
    name: fc.uuid(),
    startMs: fc.integer({ min: 0, max: 90 * 24 * 60 }).map((minutes) => minutes * 60_000),
    timeZone: fc.constantFrom(
      'Europe/Berlin',
      'Asia/Kathmandu',
      'America/St_Johns',
      'Mars/Olympus',
    ),
    locationId: fc.constantFrom('LOC-1', 'LOC-2', 'LOC-3'),
    isDoubted: fc.boolean(),
    isLateDoubted: fc.boolean(),
    late: fc.array(fc.bigInt({ min: 1_000_000n, max: 40_000_000n }), { maxLength: 3 }),
  })
  .map(({ name, startMs, timeZone, locationId, isDoubted, isLateDoubted, late }) => {
    const startedAt = new Date(Date.parse('2026-08-22T00:00:00Z') + startMs).toISOString();
    return storyOf(name, {
      started: { startedAt, location: { ...berlin, timeZone, locationId } },
      beforeClose: isDoubted ? [quarantined(name)] : [],
      afterClose: [
        ...(isLateDoubted ? [quarantined(name)] : []),
        ...late.map((register) => corrected(name, register)),
      ],
    });
  });

const anyTariffJson = fc
  .uniqueArray(
    fc.record({
      type: fc.constantFrom('ENERGY', 'TIME', 'FLAT', 'PARKING_TIME'),
      price: fc.integer({ min: 0, max: 9_999 }).map((cents) => cents / 100),
    }),
    { minLength: 1, maxLength: 4, selector: ({ type }) => type },
  )
  .map((components) => tariffJson(components));

describe('for any sessions and tariffs', () => {
  it('the very tariffs that priced them give the revenue of then, to the cent', () => {
    let priced = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(anyStory, anyTariffJson), { maxLength: 8 }), (sessions) => {
        let billedMinor = 0n;
        const answers = sessions.flatMap(([unpinned, ocpiTariffJson]) => {
          const story = pinnedTo(unpinned, ocpiTariffJson);
          const cdrs = cdrsOf(story, ocpiTariffJson);
          for (const cdr of cdrs) {
            if (cdr.type !== 'CdrWithheld') billedMinor += cdr.totalExclTaxMinor;
          }
          return ask({ cpoId, tariff: tariffOf(ocpiTariffJson) }, story, cdrs) ?? [];
        });
        const report = whatIfReport(answers);
        expect(report.notPriced).toEqual([]);
        for (const row of report.rows) expect(row.revenueNowMinor).toBe(row.revenueThenMinor);
        // Credit CDRs take back what they credit: what remains is what stands.
        const [total] = report.totals;
        expect(total?.revenueThenMinor ?? 0n).toBe(billedMinor);
        priced += total?.sessions ?? 0;
      }),
    );
    expect(priced).toBeGreaterThan(0);
  });

  it('records that come twice, and sessions in another order, change nothing', () => {
    const twice = (question: WhatIfQuestion, story: readonly SessionEvent[]): SessionAnswer[] => {
      const session = SessionWhatIf.of(question, startOf(story));
      story.forEach((event, index) => {
        session?.takeFact(event, BigInt(index + 1));
        story
          .slice(0, index + 1)
          .forEach((repeated, at) => session?.takeFact(repeated, BigInt(at + 1)));
      });
      const cdrs = cdrsOf(story);
      for (const again of [cdrs, cdrs]) {
        again.forEach((event, index) => session?.takeCdr(event, BigInt(index + 1)));
      }
      return session === undefined ? [] : [session.answer()];
    };
    fc.assert(
      fc.property(fc.uniqueArray(anyStory, { selector: nameOf, maxLength: 6 }), (stories) => {
        const once = whatIfReport(stories.flatMap((story) => ask(dearer, story) ?? []));
        const again = [...stories].reverse().flatMap((story) => twice(dearer, story));
        expect(whatIfReport(again)).toEqual(once);
      }),
    );
  });
});

const nameOf = (story: readonly SessionEvent[]): string => startOf(story).sessionId;
