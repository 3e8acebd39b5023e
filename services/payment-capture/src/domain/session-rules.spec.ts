import type { SessionStarted } from '@tallywatt/contracts';
import { cdrIssued } from '@tallywatt/testing';
import { paymentDecider } from './payment';
import {
  preauthorizationOf,
  priceOf,
  correctionAwaitedUntil,
  settlementOf,
  withPrice,
  type SessionFacts,
  type SessionPrice,
} from './session-rules';

const identity = { cpoId: 'default', paymentId: 'pay-1', sessionId: 'session-1' };
const started: SessionStarted = {
  type: 'SessionStarted',
  cpoId: 'default',
  sessionId: 'session-1',
  chargePointId: 'CP-1',
  connectorId: 1,
  ocppVersion: '1.6',
  ocppTransactionId: '1',
  occurrence: 1,
  meterStartMilliWh: 0n,
  startedAt: '2026-11-21T10:00:00.000Z',
  powerWMax: 22_000n,
  location: { locationId: 'L1', timeZone: 'Europe/Berlin', currency: 'EUR' },
  decision: {
    decisionId: 'decision-1',
    status: 'Accepted',
    tokenRef: 'token-1',
    tier: 'retail',
    paymentRoute: 'card',
    paymentMethodId: 'pm_card_visa',
    hold: { amountMinor: 5000n, currency: 'EUR' },
    rule: 'token-accepted',
    decidedAt: '2026-11-21T10:00:00.000Z',
  },
};
const withDecision = (change: Partial<SessionStarted['decision']>): SessionStarted => ({
  ...started,
  decision: { ...started.decision, ...change },
});

describe('the start of a session', () => {
  it('asks for the hold that was decided', () =>
    expect(preauthorizationOf(started, identity)).toEqual({
      type: 'PreauthorizePayment',
      ...identity,
      amount: { amountMinor: 5000n, currency: 'EUR' },
      paymentMethodId: 'pm_card_visa',
    }));
  it('asks for none when nothing is paid by card', () =>
    expect(preauthorizationOf(withDecision({ paymentRoute: 'none' }), identity)).toBeUndefined());
  it.each(['roaming', 'fleet'])('asks for none when the route is %s, card or not', (route) =>
    expect(preauthorizationOf(withDecision({ paymentRoute: route }), identity)).toBeUndefined(),
  );
  it('asks for none when the driver may not charge', () =>
    expect(preauthorizationOf(withDecision({ status: 'Blocked' }), identity)).toBeUndefined());
  it('asks for none without a hold or without a card', () => {
    const { hold: _, ...withoutHold } = started.decision;
    expect(preauthorizationOf({ ...started, decision: withoutHold }, identity)).toBeUndefined();
    const { paymentMethodId: _card, ...withoutCard } = started.decision;
    expect(preauthorizationOf({ ...started, decision: withoutCard }, identity)).toBeUndefined();
  });
});

describe('the price of a session', () => {
  const priced = (cdrId: string, ...replacedCdrIds: string[]): SessionPrice => ({
    cdrId,
    total: { amountMinor: 1230n, currency: 'EUR' },
    taxes: [],
    replacedCdrIds,
    issuedAt: '2026-11-21T11:00:00.000Z',
  });
  const after = (...prices: SessionPrice[]): SessionPrice | undefined =>
    prices.reduce<SessionFacts>(withPrice, { identity, started: true }).price;
  const three = [priced('cdr-1'), priced('cdr-2', 'cdr-1'), priced('cdr-3', 'cdr-2')];

  it('is that of the CDR that stands, and knows all that went before', () =>
    expect(after(...three)).toEqual(priced('cdr-3', 'cdr-1', 'cdr-2')));
  it('does not go back to a CDR that comes once more', () =>
    expect(after(...three, ...three)).toEqual(priced('cdr-3', 'cdr-1', 'cdr-2')));
});

describe('the end of a session', () => {
  const price: SessionPrice = {
    cdrId: 'cdr-1',
    total: { amountMinor: 1230n, currency: 'EUR' },
    taxes: [],
    replacedCdrIds: [],
    issuedAt: '2026-11-21T11:00:00.000Z',
  };
  it('settles its price', () =>
    expect(settlementOf({ identity, started: true, price })).toEqual({
      type: 'SettleSession',
      ...identity,
      cdrId: 'cdr-1',
      total: { amountMinor: 1230n, currency: 'EUR' },
      replacedCdrIds: [],
    }));
  it('waits for a start that has not been seen', () =>
    expect(settlementOf({ identity, started: false, price })).toBeUndefined());
  it('waits for a price', () => expect(settlementOf({ identity, started: true })).toBeUndefined());
  it('lets the hold go when there is no price', () =>
    expect(settlementOf({ identity, started: true, withheldReason: 'no-tariff' })).toEqual({
      type: 'ReleaseHold',
      reason: 'cdr-withheld',
    }));
  it('keeps the hold while the charger may still tell a stop that was estimated', () => {
    const until = correctionAwaitedUntil('stop-estimated', '2026-11-21T11:00:00.000Z', 72);
    expect(until).toBe('2026-11-24T11:00:00.000Z');
    const kept: SessionFacts = {
      identity,
      started: true,
      withheldReason: 'stop-estimated',
      holdKeptUntil: '2026-11-24T11:00:00.000Z',
    };
    expect(settlementOf(kept)).toBeUndefined();
    expect(settlementOf({ ...kept, price })?.type).toBe('SettleSession');
    const { holdKeptUntil: _, ...over } = kept;
    expect(settlementOf(over)?.type).toBe('ReleaseHold');
  });
  it('keeps it for no other doubt, and not where that is not wanted', () => {
    const withheldAt = '2026-11-21T11:00:00.000Z';
    expect(correctionAwaitedUntil('meter-jumped', withheldAt, 72)).toBeUndefined();
    expect(correctionAwaitedUntil('stop-estimated', withheldAt, 0)).toBeUndefined();
  });
  it('goes by the price when a withheld CDR was issued after all', () =>
    expect(
      settlementOf({ identity, started: true, price, withheldReason: 'no-tariff' })?.type,
    ).toBe('SettleSession'));
});

describe('a CDR that somebody else is billed for', () => {
  const facts = (cdrs: readonly string[], paymentRoute: string): SessionFacts =>
    cdrs.reduce<SessionFacts>(
      (known, cdrId, index) => {
        const cdr = { ...cdrIssued('session-1', [['ENERGY', 1000n]], 190n), cdrId, paymentRoute };
        const replacesCdrId = cdrs[index - 1];
        const issued = replacesCdrId === undefined ? cdr : { ...cdr, replacesCdrId };
        return withPrice(known, priceOf(issued, '2026-11-21T11:00:00.000Z'));
      },
      { identity, started: true },
    );
  const decisionOn = (known: SessionFacts) => {
    const command = settlementOf(known);
    if (command === undefined) throw new Error('nothing is asked of the payment');
    return paymentDecider.decide(command, paymentDecider.initial);
  };

  it.each(['roaming', 'fleet'])('of route %s asks nothing of a payment', (route) =>
    expect(decisionOn(facts(['cdr-1'], route))).toEqual({ kind: 'ignored', reason: 'nothing-due' }),
  );
  it.each(['roaming', 'fleet'])('of route %s asks nothing when it is corrected', (route) =>
    expect(decisionOn(facts(['cdr-1', 'cdr-2'], route))).toEqual({
      kind: 'ignored',
      reason: 'nothing-due',
    }),
  );
  it('is not that of a driver without a card, who owes it', () =>
    expect(decisionOn(facts(['cdr-1'], 'none'))).toMatchObject({
      kind: 'accepted',
      events: [{ type: 'ReceivableOpened', reason: 'no-payment-route' }],
    }));
});
