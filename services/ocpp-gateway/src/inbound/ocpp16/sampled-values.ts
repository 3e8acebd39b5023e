import type { MeterReading } from '@tallywatt/contracts';
import { readingsOf, type SampledValue } from '../../domain/meter-reading';
import { claimedInstant } from '../frame';

/** OCPP 1.6, section 7.33: MeterValue. */
export type WireMeterValue = Readonly<{
  timestamp: string;
  sampledValue: readonly SampledValue[];
}>;

export const decodeMeterValues = (
  field: string,
  meterValues: readonly WireMeterValue[],
): MeterReading[] =>
  readingsOf(
    meterValues.map(({ timestamp, sampledValue }, index) => ({
      readAt: claimedInstant(`${field}[${index}].timestamp`, timestamp),
      sampledValues: sampledValue,
    })),
  );
