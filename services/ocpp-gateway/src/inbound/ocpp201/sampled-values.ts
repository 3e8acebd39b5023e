import type { MeterReading, SignedMeterValue } from '@tallywatt/contracts';
import { readingsOf, type SampledValue } from '../../domain/meter-reading';
import type { SealSignedValue } from '../../outbound/signed-values';
import { storableText } from '../../outbound/storable-text';
import { fieldsOf, instantOf, isAbsent, itemsOf, wholeOf } from '../readable';

const words = ['context', 'measurand', 'phase', 'location'] as const;

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** OCPP 2.0.1 part 2, SignedMeterValueType. */
const signedIn = (
  said: unknown,
  measurand: unknown,
  seal: SealSignedValue,
): Readonly<{ signed?: SignedMeterValue }> => {
  const { signedMeterData, encodingMethod, signingMethod, publicKey } = fieldsOf(said);
  const data = textOf(signedMeterData);
  if (data === undefined) return {};
  return {
    signed: seal({
      data,
      encodingMethod: textOf(encodingMethod),
      signingMethod: textOf(signingMethod),
      publicKey: textOf(publicKey),
      measurand: textOf(measurand),
    }),
  };
};

/** A sample is taken as it is said or not at all: without its unit a number is another one. */
const sampleOf = (item: unknown, seal: SealSignedValue): SampledValue[] => {
  const { value, unitOfMeasure, signedMeterValue, ...rest } = fieldsOf(item);
  if (typeof value !== 'number' && typeof value !== 'string') return [];
  const { unit, multiplier } = fieldsOf(unitOfMeasure);
  const power = isAbsent(multiplier) ? 0 : wholeOf(multiplier);
  if (power === undefined) return [];
  const said: Partial<Record<(typeof words)[number] | 'unit', string>> = {};
  for (const [name, word] of [
    ...words.map((name) => [name, rest[name]] as const),
    ['unit', unit] as const,
  ]) {
    if (isAbsent(word)) continue;
    if (typeof word !== 'string') return [];
    said[name] = storableText(word, 50);
  }
  return [
    {
      ...said,
      value: value.toString(),
      ...(power === 0 ? {} : { multiplier: power }),
      ...signedIn(signedMeterValue, rest['measurand'], seal),
    },
  ];
};

/**
 * Readings of OCPP 2.0.1 (part 2, MeterValueType): digits as numbers, units with a power of ten. What
 * cannot be placed in time is left out; a signed value is kept and not looked into, its plain one is.
 */
export const readingsIn = (meterValues: unknown, seal: SealSignedValue): MeterReading[] =>
  itemsOf(meterValues).flatMap((meterValue) => {
    const { timestamp, sampledValue } = fieldsOf(meterValue);
    const readAt = instantOf(timestamp);
    if (readAt === undefined) return [];
    const sampledValues = itemsOf(sampledValue).flatMap((item) => sampleOf(item, seal));
    return readingsOf([{ readAt, sampledValues }]);
  });
