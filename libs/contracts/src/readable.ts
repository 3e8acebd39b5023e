import type { Message } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { Instant } from '@tallywatt/time';

/**
 * Message-typed fields that a contract declares `optional`. Protobuf's TypeScript cannot tell them
 * from required ones, so they are named here; a test holds this table against the contracts.
 */
export const optionalMessageFields = {
  'tallywatt.values.v1.Location': ['taxRatePercent'],
  'tallywatt.command.v1.DiagnosticsUploadRequested': ['from', 'to'],
  'tallywatt.command.v1.LogUploadRequested': ['from', 'to'],
  'tallywatt.command.v1.FirmwareUpdateRequested': ['installAt'],
  'tallywatt.command.v1.DisplayMessageRequested': ['from', 'to'],
  'tallywatt.session.v1.MeterReading': ['stateOfChargePercent', 'clockCorrection'],
  'tallywatt.session.v1.SessionStarted': ['clockCorrection'],
  'tallywatt.session.v1.ChargingStateChanged': ['clockCorrection'],
  'tallywatt.session.v1.SessionStopped': ['clockCorrection'],
  'tallywatt.session.v1.StopConflicted': ['clockCorrection'],
  'tallywatt.session.v1.StopCorrected': ['clockCorrection'],
  'tallywatt.session.v1.StopOrphaned': ['clockCorrection'],
  'tallywatt.access.v1.TokenIssued': ['expiresAt', 'roaming'],
  'tallywatt.access.v1.EntitlementGranted': ['validUntil'],
  'tallywatt.access.v1.EntitlementChanged': ['validUntil'],
  'tallywatt.access.v1.ChargingDecision': ['discountPercent', 'hold', 'tariff', 'includedEnergy'],
  'tallywatt.access.v1.AuthorizeResponse': ['expiresAt'],
  'tallywatt.pricing.v1.TariffAssigned': ['validFrom', 'validUntil'],
  'tallywatt.pricing.v1.CdrIssued': ['energyCost'],
  'tallywatt.pricing.v1.CreditCdrIssued': ['energyCost'],
  'tallywatt.pricing.v1.EnergyCostPeriod': ['pricePerKwh'],
  'tallywatt.pricing.v1.CdrWithheld': ['moneyAtRisk'],
  'tallywatt.pricing.v1.PriceAdjustment': ['percent', 'amountPerUnit'],
  'tallywatt.pricing.v1.PriceBounds': ['largestChange'],
  'tallywatt.pricing.v1.PricingStep': ['utilisationPercent', 'sessionsStartedInHour'],
  'tallywatt.pricing.v1.TariffPublished': ['adjustedBy'],
  'tallywatt.payment.v1.PaymentPreauthorized': ['captureBefore'],
  'tallywatt.frame.v1.FramesRecorded': ['endedAt'],
  'tallywatt.reconciliation.v1.DiscrepancyFound': ['expected', 'actual'],
} as const;

/**
 * Lists that came to a message after its first records were written. Empty, they are left out, so
 * that a value from before keeps its content hash; left out, they are empty.
 */
export const laterLists = {
  'tallywatt.values.v1.Location': ['siteGroups'],
  'tallywatt.registry.v1.Connector': ['evseGroups'],
  'tallywatt.session.v1.MeterReading': ['signedValues'],
} as const;

type LaterList<M> =
  M extends Message<infer Name>
    ? Name extends keyof typeof laterLists
      ? (typeof laterLists)[Name][number]
      : never
    : never;

type OptionalMessageField<M> =
  M extends Message<infer Name>
    ? Name extends keyof typeof optionalMessageFields
      ? (typeof optionalMessageFields)[Name][number]
      : never
    : never;

type FieldOf<M> = Exclude<keyof M, '$typeName' | '$unknown'>;

type IsRequired<M, K extends FieldOf<M>> = K extends OptionalMessageField<M> | LaterList<M>
  ? false
  : NonNullable<M[K]> extends Message
    ? true
    : undefined extends M[K]
      ? false
      : true;

type RequiredField<M> = {
  [K in FieldOf<M>]: IsRequired<M, K> extends true ? K : never;
}[FieldOf<M>];

type ReadableMessage<M> = {
  readonly [K in keyof M as K extends RequiredField<M> ? K : never]-?: Readable<NonNullable<M[K]>>;
} & {
  readonly [
    K in keyof M as K extends FieldOf<M> ? (K extends RequiredField<M> ? never : K) : never
  ]?: Readable<NonNullable<M[K]>>;
};

/**
 * What a contract's message looks like to the domain: readonly, `bigint` for int64, an RFC 3339
 * text for a Timestamp, and a field is optional exactly when the contract says so.
 */
export type Readable<T> = T extends Timestamp
  ? Instant
  : T extends Message
    ? { [K in keyof ReadableMessage<T>]: ReadableMessage<T>[K] }
    : T extends readonly (infer Item)[]
      ? readonly Readable<Item>[]
      : T;

/** An event of a stream: its short name and the facts of its message. */
export type EventOf<Type extends string, M, Closed = unknown> = Readonly<
  { type: Type } & Omit<Readable<M>, keyof Closed> & Closed
>;
