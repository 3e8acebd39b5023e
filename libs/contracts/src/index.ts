export * from './account-events';
export * from './allowance-events';
export * from './cdr-events';
export * from './command-events';
export * from './contract-codec';
export * from './decision-events';
export * from './entitlement-events';
export * from './estimate-events';
export * from './event-catalog';
export type { EventContract } from './event-contract';
export * from './event-record';
export * from './frame-chain';
export * from './frame-events';
export * from './fleet-fee-events';
export * from './journal-events';
export * from './orphan-events';
export * from './payment-events';
export { optionalMessageFields, type Readable } from './readable';
export * from './reconciliation-events';
export * from './registry-events';
export * from './session-events';
export * from './settlement-events';
export * from './station-events';
export * from './tariff-events';
export * from './topics';
export * from './values';
export {
  AuthorizationService,
  AuthorizeBatchRequestSchema,
  AuthorizeBatchResponseSchema,
  type AuthorizeOutcome,
  AuthorizeOutcomeSchema,
  AuthorizeQuestionSchema,
  type AuthorizeRequest,
  AuthorizeRequestSchema,
  type AuthorizeResponse,
  AuthorizeResponseSchema,
} from './gen/tallywatt/access/v1/authorization_service_pb';
export { ChargingDecisionSchema } from './gen/tallywatt/access/v1/access_events_pb';
