import type {
  DayClosed as DayClosedMessage,
  DiscrepancyFound as DiscrepancyFoundMessage,
  DiscrepancyResolved as DiscrepancyResolvedMessage,
  SubjectReconciled as SubjectReconciledMessage,
} from './gen/tallywatt/reconciliation/v1/reconciliation_events_pb';
import {
  DayClosedSchema,
  DiscrepancyFoundSchema,
  DiscrepancyResolvedSchema,
  SubjectReconciledSchema,
} from './gen/tallywatt/reconciliation/v1/reconciliation_events_pb';
import { contractOf } from './event-contract';
import type { EventOf } from './readable';

/** How a session that agrees everywhere ended; the last two are on a bill that is not a card's. */
export const reconciliationOutcomeValues = [
  'settled',
  'receivable-open',
  'nothing-due',
  'billed-to-partner',
  'billed-to-fleet',
] as const;
export type ReconciliationOutcome = (typeof reconciliationOutcomeValues)[number];

export type SubjectReconciled = EventOf<
  'SubjectReconciled',
  SubjectReconciledMessage,
  { readonly outcome: ReconciliationOutcome }
>;
export type DiscrepancyFound = EventOf<'DiscrepancyFound', DiscrepancyFoundMessage>;
export type DiscrepancyResolved = EventOf<'DiscrepancyResolved', DiscrepancyResolvedMessage>;
export type DayClosed = EventOf<'DayClosed', DayClosedMessage>;

/** Events of `reconciliation.findings.v1`: what agrees and what does not. */
export type ReconciliationEvent =
  SubjectReconciled | DiscrepancyFound | DiscrepancyResolved | DayClosed;

export const reconciliationContracts = {
  SubjectReconciled: contractOf('reconciliation.findings.v1', SubjectReconciledSchema, {
    outcome: reconciliationOutcomeValues,
  }),
  DiscrepancyFound: contractOf('reconciliation.findings.v1', DiscrepancyFoundSchema),
  DiscrepancyResolved: contractOf('reconciliation.findings.v1', DiscrepancyResolvedSchema),
  DayClosed: contractOf('reconciliation.findings.v1', DayClosedSchema),
} as const;
