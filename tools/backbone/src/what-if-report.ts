import type { SessionAnswer } from './session-what-if';

/**
 * Sums over sessions of one currency. Revenue is without tax. What could not be priced now is in
 * neither sum: its revenue then stands beside them.
 */
export type WhatIfSums = Readonly<{
  /** Priced then and now. */
  sessions: number;
  energyMilliWh: bigint;
  revenueThenMinor: bigint;
  revenueNowMinor: bigint;
  differenceMinor: bigint;
  notPriced: number;
  notPricedThenMinor: bigint;
  withheld: number;
  notBilled: number;
}>;

export type WhatIfRow = Readonly<{ locationId: string; day: string; currency: string }> &
  WhatIfSums;
export type SiteTotal = Readonly<{ locationId: string; currency: string }> & WhatIfSums;
export type CurrencyTotal = Readonly<{ currency: string }> & WhatIfSums;

export type AnswerOf<K extends SessionAnswer['kind']> = Extract<SessionAnswer, { kind: K }>;

/** Revenue then and now by location, local day and currency; currencies are never added up. */
export type WhatIfReport = Readonly<{
  rows: readonly WhatIfRow[];
  sites: readonly SiteTotal[];
  totals: readonly CurrencyTotal[];
  notPriced: readonly AnswerOf<'not-priced'>[];
  withheld: readonly AnswerOf<'withheld'>[];
  /** Sessions whose idle time after the stop no fact tells, though the tariff bills it. */
  idleUnknown: number;
}>;

const nothing: WhatIfSums = {
  sessions: 0,
  energyMilliWh: 0n,
  revenueThenMinor: 0n,
  revenueNowMinor: 0n,
  differenceMinor: 0n,
  notPriced: 0,
  notPricedThenMinor: 0n,
  withheld: 0,
  notBilled: 0,
};

const withAnswer = (sums: WhatIfSums, answer: SessionAnswer): WhatIfSums => {
  switch (answer.kind) {
    case 'priced':
      return {
        ...sums,
        sessions: sums.sessions + 1,
        energyMilliWh: sums.energyMilliWh + answer.energyMilliWh,
        revenueThenMinor: sums.revenueThenMinor + answer.thenMinor,
        revenueNowMinor: sums.revenueNowMinor + answer.nowMinor,
        differenceMinor: sums.differenceMinor + answer.nowMinor - answer.thenMinor,
      };
    case 'not-priced':
      return {
        ...sums,
        notPriced: sums.notPriced + 1,
        notPricedThenMinor: sums.notPricedThenMinor + answer.thenMinor,
      };
    case 'withheld':
      return { ...sums, withheld: sums.withheld + 1 };
    case 'not-billed':
      return { ...sums, notBilled: sums.notBilled + 1 };
  }
};

/** Sums by a key, in the order of the keys' texts. */
class Sums<K extends object> {
  private readonly known = new Map<string, K & WhatIfSums>();

  add(key: K, answer: SessionAnswer): void {
    const name = JSON.stringify(Object.values(key));
    const before = this.known.get(name) ?? { ...key, ...nothing };
    this.known.set(name, { ...before, ...withAnswer(before, answer) });
  }

  inOrder(): readonly (K & WhatIfSums)[] {
    return [...this.known].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sums]) => sums);
  }
}

/** Adds up what sessions answered; in whatever order they come, the report is the same. */
export const whatIfReport = (answers: Iterable<SessionAnswer>): WhatIfReport => {
  const rows = new Sums<{ locationId: string; day: string; currency: string }>();
  const sites = new Sums<{ locationId: string; currency: string }>();
  const totals = new Sums<{ currency: string }>();
  const notPriced: AnswerOf<'not-priced'>[] = [];
  const withheld: AnswerOf<'withheld'>[] = [];
  let idleUnknown = 0;
  for (const answer of answers) {
    const { locationId, day, currency, kind } = answer;
    rows.add({ locationId, day, currency }, answer);
    sites.add({ locationId, currency }, answer);
    totals.add({ currency }, answer);
    if (kind === 'not-priced') notPriced.push(answer);
    if (kind === 'withheld') withheld.push(answer);
    if (kind === 'priced' && answer.idleUnknown) idleUnknown += 1;
  }
  return {
    rows: rows.inOrder(),
    sites: sites.inOrder(),
    totals: totals.inOrder(),
    notPriced: notPriced.sort(bySession),
    withheld: withheld.sort(bySession),
    idleUnknown,
  };
};

type Named = Readonly<{ locationId: string; day: string; sessionId: string }>;

const bySession = (a: Named, b: Named): number => (nameOf(a) < nameOf(b) ? -1 : 1);
const nameOf = ({ locationId, day, sessionId }: Named): string =>
  JSON.stringify([locationId, day, sessionId]);
