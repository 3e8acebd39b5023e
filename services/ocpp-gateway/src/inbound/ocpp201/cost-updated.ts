import { costNumber } from '../../domain/session-cost';
import type { Protocol } from '../protocol';

/**
 * OCPP 2.0.1 part 2, I02. The final cost is said the same way: it is known only when the station has
 * its answer to the end of the transaction.
 */
export const showCost: Protocol['showCost'] = (cost, { ocppTransactionId }, display) => {
  const totalCost = costNumber(cost.totalInclTaxMinor, cost.currency);
  if (display !== 'ocpp201' || totalCost === undefined) return undefined;
  return ['CostUpdated', { totalCost, transactionId: ocppTransactionId }];
};
