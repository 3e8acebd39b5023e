export {
  allowance,
  drawDue,
  type Allowance,
  type DrawAllowance,
  type SessionDraw,
} from './allowance';
export { cdrIdOf, creditCdrIdOf } from './cdr';
export { cdrContentHashes } from './cdr-content-hashes';
export { cdrDebtor, type CdrDebtor } from './cdr-debtor';
export {
  endedPeriods,
  fleetFee,
  nextPeriod,
  periodEnd,
  periodZone,
  planStretches,
  wordsUntil,
  type FleetWords,
  type PlanPeriod,
  type PlanStretch,
  type StatedFee,
} from './fleet-fee';
export {
  absentEntry,
  JournalContradicted,
  journalEntry,
  journalEntryHash,
  journalEntryId,
  journalEventId,
  postJournalEntry,
  type JournalEntry,
  type PostJournalEntry,
} from './journal';
export {
  bookingInstant,
  sealDay,
  sealText,
  verifyRoot,
  verifyRoots,
  type DaySeal,
  type VerifySignature,
} from './journal-root';
export { pinnedTariff, type PinnedTariff } from './pinned-tariff';
export {
  postingFor,
  type Fact,
  type NoEntryReason,
  type Posting,
  type PostingContext,
} from './posting-rules';
export { ratedSession, type RatedSession } from './rated-session';
export {
  estimatesTheSame,
  isEstimateDue,
  sessionEstimate,
  type SessionEstimate,
} from './session-estimate';
export { factsOf, type SessionFacts, type SettledEnergy } from './session-facts';
export {
  advance,
  pinnedReference,
  progressOf,
  progressUnder,
  type Advance,
  type Draw,
  type Draws,
  type Progress,
} from './session-progress';
export { adjustedTariff, type AdjustedTariff } from './dynamic-pricing/adjusted-tariff';
export { checkAgainstBase } from './dynamic-pricing/base-tariff-check';
export {
  isBaseInForce,
  nextVersion,
  type NextVersion,
  type PublishedVersion,
  type StandStillReason,
} from './dynamic-pricing/next-version';
export { pricingRuleJson } from './dynamic-pricing/pricing-rule-json';
export {
  parsePricingRule,
  type ParsedPricingRule,
  type PricingRuleTerms,
} from './dynamic-pricing/pricing-rule-parsing';
export {
  replayRule,
  type ReplayedVersion,
  type RuleReplay,
  type SiteFact,
} from './dynamic-pricing/rule-replay';
export {
  hourBefore,
  siteChargePointOf,
  siteObservation,
  siteSessionAfter,
  type Site,
  type SiteChargePoint,
  type SiteSession,
  type SiteUnknown,
} from './dynamic-pricing/site-observation';
export { pricesOf, type TariffDocument, type TariffPrice } from './dynamic-pricing/tariff-prices';
export { afterFact, allowancePeriod, localMonth, localStartDay } from './settled-energy';
export { decodeState, encodeState } from './state-text';
