import {
  canonicalJson,
  derivedId,
  type CdrIssued,
  type CdrLine,
  type CreditCdrIssued,
  type TariffReference,
} from '@tallywatt/contracts';
import { rationalFromDecimal, rationalToText } from '@tallywatt/money';
import type { RatingLine, RatingReport } from '@tallywatt/tariffs';
import { instantFromEpochMs } from '@tallywatt/time';
import { cdrEnergyCost, negatedEnergyCost } from './cdr-energy-cost';
import { negatedText } from './negated-text';
import type { StoppedFacts } from './session-facts';

/** The id of a session's CDR: the first is revision 1, each correction counts on from there. */
export const cdrIdOf = (cpoId: string, sessionId: string, revision = 1): string =>
  derivedId(cpoId, 'cdr', sessionId, String(revision));

/** The id of the credit CDR that takes back the CDR of a revision. */
export const creditCdrIdOf = (cpoId: string, sessionId: string, revision: number): string =>
  derivedId(cpoId, 'credit-cdr', sessionId, String(revision));

/** The CDR of a closed session: what it is about, and its price with every line explained. */
export const issuedCdr = (
  facts: StoppedFacts,
  tariff: TariffReference,
  report: RatingReport,
  replaced?: Readonly<{ cdrId: string; revision: number }>,
): CdrIssued => {
  const { started, stop, closedAt } = facts;
  const { cpoId, sessionId, chargePointId, connectorId, location, startedAt, decision } = started;
  const { tokenRef, driverRef, tier, paymentRoute, roamingPartyId, fleetRef } = decision;
  return {
    type: 'CdrIssued',
    cpoId,
    cdrId: cdrIdOf(cpoId, sessionId, (replaced?.revision ?? 0) + 1),
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
    ...(replaced === undefined ? {} : { replacesCdrId: replaced.cdrId }),
    ...(report.energyCost === undefined ? {} : { energyCost: cdrEnergyCost(report.energyCost) }),
    ...(roamingPartyId === undefined ? {} : { roamingPartyId }),
    ...(fleetRef === undefined ? {} : { fleetRef }),
  };
};

/**
 * The credit CDR that takes a CDR back whole (OCPI 2.2.1 mod_cdrs, "Credit CDRs"): the same with
 * every quantity and amount negated, under an id of its own.
 */
export const creditCdr = (cdr: CdrIssued, revision: number, reason: string): CreditCdrIssued => {
  const { type: _, cdrId: creditedCdrId, replacesCdrId: _replaced, ...issued } = cdr;
  return {
    ...issued,
    type: 'CreditCdrIssued',
    cdrId: creditCdrIdOf(cdr.cpoId, cdr.sessionId, revision),
    creditedCdrId,
    reason,
    energyMilliWh: -cdr.energyMilliWh,
    chargingSeconds: -cdr.chargingSeconds,
    parkingSeconds: -cdr.parkingSeconds,
    lines: cdr.lines.map((line) => ({
      ...line,
      quantity: negatedText(line.quantity),
      amountExact: negatedText(line.amountExact),
      amountMinor: -line.amountMinor,
    })),
    taxes: cdr.taxes.map(({ ratePercent, taxableMinor, taxMinor }) => ({
      ratePercent,
      taxableMinor: -taxableMinor,
      taxMinor: -taxMinor,
    })),
    totalExclTaxMinor: -cdr.totalExclTaxMinor,
    totalTaxMinor: -cdr.totalTaxMinor,
    totalInclTaxMinor: -cdr.totalInclTaxMinor,
    ...(cdr.energyCost === undefined ? {} : { energyCost: negatedEnergyCost(cdr.energyCost) }),
  };
};

/**
 * Whether two CDRs of a session bill the same: times, quantities, prices and taxes. How a line is
 * worded, and whether a boundary was read or interpolated, is no reason to send another bill. Nor is
 * what the energy cost the operator: it follows from energy and tariff, and where a late reading
 * only moves energy between two periods of the utility, the CDR keeps what was known.
 */
export const billsTheSame = (one: CdrIssued, other: CdrIssued): boolean =>
  canonicalJson(billOf(one)) === canonicalJson(billOf(other));

const billOf = (cdr: CdrIssued) => ({
  startedAt: cdr.startedAt,
  stoppedAt: cdr.stoppedAt,
  closedAt: cdr.closedAt,
  energyMilliWh: cdr.energyMilliWh.toString(),
  chargingSeconds: cdr.chargingSeconds.toString(),
  parkingSeconds: cdr.parkingSeconds.toString(),
  lines: cdr.lines.map((line) => ({
    dimension: line.dimension,
    quantity: line.quantity,
    amountExact: line.amountExact,
    amountMinor: line.amountMinor.toString(),
    taxRatePercent: rationalToText(rationalFromDecimal(line.taxRatePercent)),
  })),
  totalExclTaxMinor: cdr.totalExclTaxMinor.toString(),
  totalTaxMinor: cdr.totalTaxMinor.toString(),
});

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
