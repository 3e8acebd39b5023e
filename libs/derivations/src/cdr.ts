import {
  derivedId,
  type CdrIssued,
  type CdrLine,
  type TariffReference,
} from '@tallywatt/contracts';
import type { RatingLine, RatingReport } from '@tallywatt/tariffs';
import { instantFromEpochMs } from '@tallywatt/time';
import type { StoppedFacts } from './session-facts';

/** The id of a session's first CDR; a CDR that is credited and issued again counts on from there. */
export const cdrIdOf = (cpoId: string, sessionId: string): string =>
  derivedId(cpoId, 'cdr', sessionId, '1');

/** The CDR of a closed session: what it is about, and its price with every line explained. */
export const issuedCdr = (
  facts: StoppedFacts,
  tariff: TariffReference,
  report: RatingReport,
): CdrIssued => {
  const { started, stop, closedAt } = facts;
  const { cpoId, sessionId, chargePointId, connectorId, location, startedAt, decision } = started;
  const { tokenRef, driverRef, tier, paymentRoute } = decision;
  return {
    type: 'CdrIssued',
    cpoId,
    cdrId: cdrIdOf(cpoId, sessionId),
    sessionId,
    chargePointId,
    connectorId,
    location,
    tokenRef,
    ...(driverRef === undefined ? {} : { driverRef }),
    tier,
    paymentRoute,
    tariff,
    startedAt,
    stoppedAt: stop.stoppedAt,
    closedAt,
    energyMilliWh: report.energyMilliWh,
    chargingSeconds: report.chargingSeconds,
    parkingSeconds: report.parkingSeconds,
    currency: report.currency,
    lines: report.lines.map(cdrLine),
    taxes: report.taxes.map(({ ratePercent, taxableMinor, taxMinor }) => ({
      ratePercent,
      taxableMinor,
      taxMinor,
    })),
    totalExclTaxMinor: report.totals.exclTaxMinor,
    totalTaxMinor: report.totals.taxMinor,
    totalInclTaxMinor: report.totals.inclTaxMinor,
    ratingPolicyId: report.ratingPolicyId,
    roundingPolicyId: report.roundingPolicyId,
    interpolationPolicyId: report.interpolationPolicyId,
    timeZoneDataVersion: report.timeZoneDataVersion,
  };
};

const cdrLine = (line: RatingLine): CdrLine => ({
  dimension: line.dimension,
  quantity: line.quantityExact,
  unit: line.unit,
  unitPrice: line.unitPrice,
  amountExact: line.amountExact,
  amountMinor: line.amountMinor,
  taxRatePercent: line.taxRatePercent,
  ...(line.tariffElementIndex === undefined ? {} : { tariffElementIndex: line.tariffElementIndex }),
  fromAt: instantFromEpochMs(line.fromMs),
  toAt: instantFromEpochMs(line.toMs),
  fromBoundary: line.fromBoundary,
  toBoundary: line.toBoundary,
  explanation: line.explanation,
});
