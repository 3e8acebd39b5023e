import type { Payload } from './message-lane';

/** A CALL as either version says it. */
export type Message = Readonly<{ action: string; payload: Payload }>;

type Sample = Payload;
type Samples = (sample: Sample) => readonly Sample[];

const isEvent = ({ action, payload }: Message, eventType: string): boolean =>
  action === 'TransactionEvent' && payload['eventType'] === eventType;

export const isStart = (message: Message): boolean =>
  message.action === 'StartTransaction' || isEvent(message, 'Started');

export const isStop = (message: Message): boolean =>
  message.action === 'StopTransaction' || isEvent(message, 'Ended');

/** A message with readings between start and stop. */
export const isReading = (message: Message): boolean =>
  message.action === 'MeterValues' ||
  (isEvent(message, 'Updated') && message.payload['meterValue'] !== undefined);

/** The fields in which either version has readings. */
const fields = ['meterValue', 'transactionData'] as const;

const withSamples = (payload: Payload, change: Samples): Payload => {
  const changed = fields.flatMap((field) => {
    const values = payload[field];
    if (!Array.isArray(values)) return [];
    const said = values.map((value: Payload) => ({
      ...value,
      sampledValue: (value['sampledValue'] as readonly Sample[]).flatMap(change),
    }));
    return [[field, said]];
  });
  return { ...payload, ...(Object.fromEntries(changed) as Payload) };
};

const isRegister = ({ measurand }: Sample): boolean =>
  measurand === 'Energy.Active.Import.Register';

/** In 1.6 a value is a text, in 2.0.1 a number. */
const withValue = (sample: Sample, value: number): Sample => ({
  ...sample,
  value: typeof sample['value'] === 'string' ? String(value) : value,
});

/** With other registers, in Wh; only those of a context, if one is given. */
export const changedRegisters = (
  payload: Payload,
  change: (wattHours: number) => number,
  context?: string,
): Payload =>
  withSamples(payload, (sample) =>
    isRegister(sample) && (context === undefined || sample['context'] === context)
      ? [withValue(sample, change(Number(sample['value'])))]
      : [sample],
  );

export const withoutRegisters = (payload: Payload): Payload =>
  withSamples(payload, (sample) => (isRegister(sample) ? [] : [sample]));

/** Registers in thousands of Wh, under the unit given or under the one they had. */
export const scaledRegister = (payload: Payload, unit: string | undefined): Payload =>
  withSamples(payload, (sample) => {
    if (!isRegister(sample)) return [sample];
    const scaled = withValue(sample, Number(sample['value']) / 1_000);
    if (unit === undefined) return [scaled];
    return 'unitOfMeasure' in sample
      ? [{ ...scaled, unitOfMeasure: { unit } }]
      : [{ ...scaled, unit }];
  });

/** With a signed value of each register: a sample of its own in 1.6, a part of it in 2.0.1. */
export const signed = (payload: Payload, sign: (registerWh: number) => string): Payload =>
  withSamples(payload, (sample) => {
    if (!isRegister(sample)) return [sample];
    const value = sign(Number(sample['value']));
    if (typeof sample['value'] === 'string') {
      const { unit: _, ...rest } = sample;
      return [sample, { ...rest, value, format: 'SignedData' }];
    }
    const signedMeterValue = {
      signedMeterData: Buffer.from(value).toString('base64'),
      signingMethod: 'ECDSA-secp256r1-SHA256',
      encodingMethod: 'OCMF',
      publicKey: '',
    };
    return [{ ...sample, signedMeterValue }];
  });

/** With every timestamp in it moved, at any depth. */
export const withInstants = (payload: Payload, byMs: number): Payload => {
  const moved = (value: unknown, name?: string): unknown => {
    if (name === 'timestamp' && typeof value === 'string') {
      return new Date(Date.parse(value) + byMs).toISOString();
    }
    if (Array.isArray(value)) return value.map((one) => moved(one));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, moved(one, key)]));
  };
  return moved(payload) as Payload;
};
