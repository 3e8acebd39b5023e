export type {
  OcpiTariff,
  PriceComponent,
  PriceLimit,
  ReservationRestriction,
  TariffDimension,
  TariffElement,
  TariffRestrictions,
} from './ocpi-tariff';
export { hasParkingTime } from './ocpi-tariff';
export type { Findings, JsonObject, TariffFault } from './json-fields';
export {
  decimalAt,
  fault,
  listAt,
  objectAt,
  patternAt,
  present,
  textAt,
  unstorableTexts,
  warn,
  whenGiven,
  wholeNumberAt,
  wordAt,
} from './json-fields';
export type { ParsedTariff } from './tariff-parsing';
export { parseTariff } from './tariff-parsing';
export { analyseTariff } from './tariff-analysis';
export type { ExportedTariff } from './tariff-export';
export { exportTariff } from './tariff-export';
export type {
  DiscountableDimension,
  EnergyCost,
  EnergyCostElement,
  FleetPlan,
  MembershipTerms,
} from './tariff-extension';
export type { Entitlement, MemberTerms } from './entitlement';
export { includedEnergyPerMonth } from './entitlement';
export type {
  MeterPoint,
  Occupancy,
  OccupancySpan,
  RatedSession,
  RatingInput,
  RatingRefusal,
} from './rated-session';
export type { MeterMark } from './energy-curve';
export type { Use } from './occupancy-timeline';
export type { Boundary } from './session-segments';
export type {
  AmountTotals,
  CostPeriod,
  LineDimension,
  RatedPeriod,
  RatingLine,
  RatingReport,
  RatingResult,
  SessionCost,
  TaxTotal,
} from './rating-report';
export type { MeteredEnergy } from './rate';
export { meteredEnergy, rate } from './rate';
export type { CdrDimension, CdrMark, CdrPeriod } from './cdr-periods';
export { cdrDimensions } from './cdr-periods';
export type { CdrRatingInput, CdrRatingResult } from './cdr-rating';
export { rateCdr } from './cdr-rating';
export type { PlanMonth } from './plan-month';
export { planMonth } from './plan-month';
export { interpolationPolicyId, ratingPolicyId, roundingPolicyId } from './policies';
export type { TariffVersion, TariffVersions, VersionReference } from './tariff-versions';
export { tariffInForce, tariffVersionOf } from './tariff-versions';
export type { SessionStart, TariffAssignment, WeeklyWindow } from './tariff-assignment';
export { areTied, byPrecedence, driverGroupKinds } from './tariff-assignment';
export type { AssignmentHistory } from './assignment-history';
export { standingAssignments, withAssigned, withUnassigned } from './assignment-history';
export type { StartTariff, TariffCandidate, TariffOffer, TariffVerdict } from './start-tariff';
export { explainStartTariff, startTariff } from './start-tariff';
