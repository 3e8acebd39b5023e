import { formatMoney, isCurrency } from '@tallywatt/money';
import { costNumber, type SessionCost } from '../../domain/session-cost';
import type { ShownSession } from '../../outbound/cost-displays';
import type { Protocol } from '../protocol';

/** Open Charge Alliance, OCPP & California Pricing Requirements, chapter 3. */
const vendorId = 'org.openchargealliance.costmsg';

const dataTransfer = (messageId: string, data: object) =>
  ['DataTransfer', { vendorId, messageId, data: JSON.stringify(data) }] as const;

/** SetUserPrice: for the driver of one token. */
export const userPrice = (idToken: string, priceText: string) =>
  dataTransfer('SetUserPrice', { idToken, priceText });

/** The key of what whoever comes reads, and its value. */
export const defaultPrice = (priceText: string) =>
  ({ key: 'DefaultPrice', value: JSON.stringify({ priceText }) }) as const;

/** The charger's register, in whole Wh. */
const registerWh = ({ energyMilliWh }: SessionCost, { meterStartMilliWh }: ShownSession): number =>
  Number((meterStartMilliWh + energyMilliWh) / 1_000n);

/**
 * RunningCost and FinalCost of 1.6's pricing extension. `chargingPrice` must be there and may be
 * empty: which prices made the cost is the tariff's to say.
 */
export const showCost: Protocol['showCost'] = (cost, session, display) => {
  const { totalInclTaxMinor: amountMinor, currency } = cost;
  const amount = costNumber(amountMinor, currency);
  if (display !== 'costmsg' || amount === undefined || !isCurrency(currency)) return undefined;
  const transactionId = Number(session.ocppTransactionId);
  if (cost.sequence === 'final') {
    const priceText = formatMoney({ amountMinor, currency });
    return dataTransfer('FinalCost', { transactionId, cost: amount, priceText });
  }
  return dataTransfer('RunningCost', {
    transactionId,
    timestamp: cost.asOf,
    meterValue: registerWh(cost, session),
    cost: amount,
    state: session.isIdle ? 'Idle' : 'Charging',
    chargingPrice: {},
  });
};
