import type { MeterReading, MeterValuesOrphaned, StopOrphaned } from '@tallywatt/contracts';
import type { Stop } from './stop';

/** Where a fact came from, for the case that its session is not known. */
export type Origin = Readonly<{
  cpoId: string;
  chargePointId: string;
  connectorId: number;
  /** As the charger said it; -1 and 0 name no session. */
  ocppTransactionId?: string;
  /** Derived from what the fact says: a resend is the same orphan. */
  orphanId: string;
}>;

/** A stop of no known session waits on its charge point. */
export const orphanedStop = (
  origin: Origin,
  stop: Stop,
  readings: readonly MeterReading[],
): StopOrphaned => ({
  type: 'StopOrphaned',
  cpoId: origin.cpoId,
  orphanId: origin.orphanId,
  chargePointId: origin.chargePointId,
  ocppTransactionId: origin.ocppTransactionId ?? '',
  ...stop,
  readings,
});

/** Readings of no known session wait on their charge point. */
export const orphanedReadings = (
  origin: Origin,
  readings: readonly MeterReading[],
): MeterValuesOrphaned => ({
  type: 'MeterValuesOrphaned',
  cpoId: origin.cpoId,
  orphanId: origin.orphanId,
  chargePointId: origin.chargePointId,
  connectorId: origin.connectorId,
  ...(origin.ocppTransactionId === undefined
    ? {}
    : { ocppTransactionId: origin.ocppTransactionId }),
  readings,
});
