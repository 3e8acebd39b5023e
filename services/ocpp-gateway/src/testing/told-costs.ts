import type { CdrIssued, SessionCostEstimated } from '@tallywatt/contracts';
import { at } from './gateway-stage';

type Told = Readonly<{ sessionId: string; chargePointId: string; currency?: string }>;

const tariff = {
  tariffId: 'T-1',
  version: 1n,
  contentHash: '00'.repeat(32),
  billsParkingTime: false,
};
const policies = {
  ratingPolicyId: 'ocpi-2.2.1/tallywatt-1',
  roundingPolicyId: 'half-away-from-zero/line-1',
  interpolationPolicyId: 'linear-register/1',
};
const totals = (totalInclTaxMinor: bigint) => ({
  energyMilliWh: 1_500_000n,
  chargingSeconds: 600n,
  parkingSeconds: 0n,
  totalExclTaxMinor: totalInclTaxMinor,
  totalTaxMinor: 0n,
  totalInclTaxMinor,
});

/** What a session costs by its event of that number. */
export const estimate = (
  { currency = 'EUR', ...session }: Told,
  sessionSequence: bigint,
  totalInclTaxMinor: bigint,
): SessionCostEstimated => ({
  type: 'SessionCostEstimated',
  cpoId: 'default',
  ...session,
  connectorId: 1,
  tariff,
  asOf: at(10),
  sessionSequence,
  currency,
  ...totals(totalInclTaxMinor),
  ...policies,
});

/** What a session has cost. */
export const cdr = (
  { currency = 'EUR', ...session }: Told,
  totalInclTaxMinor: bigint,
): CdrIssued => ({
  type: 'CdrIssued',
  cpoId: 'default',
  cdrId: session.sessionId,
  ...session,
  connectorId: 1,
  location: { locationId: 'LOC-1', timeZone: 'Europe/Berlin', currency },
  tokenRef: 'ref',
  tier: 'standard',
  paymentRoute: 'card',
  tariff,
  startedAt: at(0),
  stoppedAt: at(30),
  closedAt: at(30),
  currency,
  ...totals(totalInclTaxMinor),
  lines: [],
  taxes: [],
  ...policies,
  timeZoneDataVersion: '2026a',
});
