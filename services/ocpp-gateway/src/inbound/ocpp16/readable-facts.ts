import type { MeterReading } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import { readingsOf, type SampledValue } from '../../domain/meter-reading';
import type { SealSignedValue } from '../../outbound/signed-values';
import { storableText } from '../../outbound/storable-text';
import { int32, milliWhOf } from '../frame';
import { fieldsOf, instantOf, isAbsent, itemsOf, readable, wholeOf } from '../readable';
import { withSigned } from './sampled-values';

/** What can be read of a StopTransaction that breaks its schema; a fact left out is not known. */
export type ReadableStop = Readonly<{
  transactionId?: number;
  stoppedAt?: Instant;
  meterStopMilliWh?: bigint;
  stopReason: string;
  idTag?: string;
  readings: readonly MeterReading[];
}>;

export type ReadableMeterValues = Readonly<{
  connectorId: number;
  transactionId?: number;
  readings: readonly MeterReading[];
}>;

/** OCPP 1.6, section 7.36: Reason. */
const stopReasons = [
  'DeAuthorized',
  'EmergencyStop',
  'EVDisconnected',
  'HardReset',
  'Local',
  'PowerLoss',
  'Reboot',
  'Remote',
  'SoftReset',
  'UnlockCommand',
];
const sampleWords = ['context', 'format', 'measurand', 'phase', 'location', 'unit'] as const;

/** A register in mWh: whole Wh by the standard, here also with a fraction, or as a text. */
const registerOf = (value: unknown): bigint | undefined => {
  const text = typeof value === 'number' ? value.toString() : value;
  const match = typeof text === 'string' ? /^(-?)(\d{1,15})(?:\.(\d{1,3})0*)?$/.exec(text) : null;
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = ''] = match;
  const milliWh = readable(() => milliWhOf('meterStop', Number(whole))) ?? undefined;
  if (milliWh === undefined) return undefined;
  const magnitude = milliWh + BigInt(fraction.padEnd(3, '0'));
  return sign === '-' ? -magnitude : magnitude;
};

/** A sample is taken as it is said or not at all: without its unit a number is another one. */
const sampleOf = (item: unknown, seal: SealSignedValue): SampledValue[] => {
  const { value, ...rest } = fieldsOf(item);
  const words: Partial<Record<(typeof sampleWords)[number], string>> = {};
  for (const name of sampleWords) {
    const word = rest[name];
    if (isAbsent(word)) continue;
    if (typeof word !== 'string') return [];
    words[name] = storableText(word, 50);
  }
  if (typeof value !== 'string' && typeof value !== 'number') return [];
  return [withSigned({ ...words, value: value.toString() }, seal)];
};

const readingsIn = (meterValues: unknown, seal: SealSignedValue): MeterReading[] =>
  itemsOf(meterValues).flatMap((meterValue) => {
    const { timestamp, sampledValue } = fieldsOf(meterValue);
    const readAt = instantOf(timestamp);
    if (readAt === undefined) return [];
    const sampledValues = itemsOf(sampledValue).flatMap((item) => sampleOf(item, seal));
    return readingsOf([{ readAt, sampledValues }]);
  });

const reasonOf = (reason: unknown): string => {
  if (isAbsent(reason)) return 'Local';
  return stopReasons.find((known) => known === reason) ?? 'Other';
};

/** Reads what is sound in a StopTransaction that is not. Each fact stands for itself. */
export const readableStop = (
  params: unknown,
  sealing: (idTag?: string) => SealSignedValue,
): ReadableStop => {
  const { transactionId, timestamp, meterStop, reason, idTag, transactionData } = fieldsOf(params);
  const transaction = wholeOf(transactionId);
  const stoppedAt = instantOf(timestamp);
  const meterStopMilliWh = registerOf(meterStop);
  const token = typeof idTag === 'string' ? idTag : undefined;
  return {
    ...(transaction === undefined ? {} : { transactionId: transaction }),
    ...(stoppedAt === undefined ? {} : { stoppedAt }),
    ...(meterStopMilliWh === undefined ? {} : { meterStopMilliWh }),
    stopReason: reasonOf(reason),
    ...(token === undefined ? {} : { idTag: token }),
    readings: readingsIn(transactionData, sealing(token)),
  };
};

/** Reads what is sound in a MeterValues that is not; readings that cannot be placed are left out. */
export const readableMeterValues = (
  params: unknown,
  seal: SealSignedValue,
): ReadableMeterValues => {
  const { connectorId, transactionId, meterValue } = fieldsOf(params);
  const transaction = wholeOf(transactionId);
  const connector = readable(() => int32('connectorId', wholeOf(connectorId) ?? Number.NaN));
  const isPlaced =
    transaction !== undefined || (isAbsent(transactionId) && connector !== undefined);
  return {
    connectorId: connector ?? 0,
    ...(transaction === undefined ? {} : { transactionId: transaction }),
    readings: isPlaced ? readingsIn(meterValue, seal) : [],
  };
};
