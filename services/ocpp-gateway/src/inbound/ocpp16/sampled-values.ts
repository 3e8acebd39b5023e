import type { MeterReading } from '@tallywatt/contracts';
import { readingsOf, type SampledValue } from '../../domain/meter-reading';
import type { SealSignedValue } from '../../outbound/signed-values';
import { claimedInstant } from '../frame';

type WireSampledValue = Omit<SampledValue, 'signed'>;

/** OCPP 1.6, section 7.33: MeterValue. */
export type WireMeterValue = Readonly<{
  timestamp: string;
  sampledValue: readonly WireSampledValue[];
}>;

/** With `format` SignedData the value is what the meter signed (OCPP 1.6, section 7.43). */
export const withSigned = (sample: WireSampledValue, seal: SealSignedValue): SampledValue => {
  const { format, value: data, measurand } = sample;
  return format === 'SignedData' && data !== ''
    ? { ...sample, signed: seal({ data, measurand }) }
    : sample;
};

export const decodeMeterValues = (
  field: string,
  meterValues: readonly WireMeterValue[],
  seal: SealSignedValue,
): MeterReading[] =>
  readingsOf(
    meterValues.map(({ timestamp, sampledValue }, index) => ({
      readAt: claimedInstant(`${field}[${index}].timestamp`, timestamp),
      sampledValues: sampledValue.map((sample) => withSigned(sample, seal)),
    })),
  );
