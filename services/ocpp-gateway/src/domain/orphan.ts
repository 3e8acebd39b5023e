import {
  derivedId,
  type MeterReading,
  type MeterValuesOrphaned,
  type StopOrphaned,
} from '@tallywatt/contracts';
import { readingParts } from './session-readings';
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

const readingsOrphan = (
  origin: Origin,
  orphanId: string,
  readings: readonly MeterReading[],
): MeterValuesOrphaned => ({
  type: 'MeterValuesOrphaned',
  cpoId: origin.cpoId,
  orphanId,
  chargePointId: origin.chargePointId,
  connectorId: origin.connectorId,
  ...(origin.ocppTransactionId === undefined
    ? {}
    : { ocppTransactionId: origin.ocppTransactionId }),
  readings,
});

/** What does not fit into the first event of an orphan; each further one has an id of its own. */
const furtherReadings = (origin: Origin, parts: readonly MeterReading[][]): MeterValuesOrphaned[] =>
  parts.map((part, index) =>
    readingsOrphan(origin, derivedId('orphan-part', origin.orphanId, String(index + 2)), part),
  );

/** A stop of no known session waits on its charge point. */
export const orphanedStop = (
  origin: Origin,
  stop: Stop,
  readings: readonly MeterReading[],
): (StopOrphaned | MeterValuesOrphaned)[] => {
  const [first = [], ...further] = readingParts(readings);
  return [
    {
      type: 'StopOrphaned',
      cpoId: origin.cpoId,
      orphanId: origin.orphanId,
      chargePointId: origin.chargePointId,
      ocppTransactionId: origin.ocppTransactionId ?? '',
      ...stop,
      readings: first,
    },
    ...furtherReadings(origin, further),
  ];
};

/** Readings of no known session wait on their charge point. */
export const orphanedReadings = (
  origin: Origin,
  readings: readonly MeterReading[],
): MeterValuesOrphaned[] => {
  const [first = [], ...further] = readingParts(readings);
  return [readingsOrphan(origin, origin.orphanId, first), ...furtherReadings(origin, further)];
};
