import { z } from 'zod';

const instant = z.iso.datetime();
const wattHours = z
  .string()
  .regex(/^-?\d+(\.\d{1,3})?$/)
  .describe('Wh, exact');
const stop = z.strictObject({ stoppedAt: instant, registerWh: wattHours });
const told = stop.extend({ stopReason: z.string() });

/** A session in a list. */
export const sessionSummarySchema = z.strictObject({
  id: z.uuid(),
  chargePointId: z.string(),
  connectorId: z.int(),
  ocppVersion: z.string(),
  ocppTransactionId: z.string(),
  status: z.enum(['active', 'stopped', 'closed']),
  tokenRef: z.string(),
  startedAt: instant,
  stoppedAt: instant.nullable(),
  closedAt: instant.nullable(),
  closedBy: z.string().nullable().describe('stop, available, next-start, time-out or cap'),
  energyWh: wattHours.nullable().describe('Wh, exact; null until the stop'),
  isQuarantined: z.boolean(),
  duplicatesSeen: z.int().describe('messages that came again and changed nothing'),
});

export const sessionPageSchema = z.strictObject({
  items: z.array(sessionSummarySchema),
  next: z.string().nullable(),
});

const reading = z
  .looseObject({
    readAt: instant,
    context: z.string(),
    registerMilliWh: z.string().optional(),
    implausibleReason: z.string().optional().describe('why it is not billed from'),
  })
  .describe('quantities in thousandths, as text; one that was not reported is left out');

const position = z
  .strictObject({ topic: z.string(), partition: z.int(), offset: z.string() })
  .nullable()
  .describe('its place in Kafka; null while it is on its way there');

/** `GET /v1/sessions/{id}`. */
export const sessionDetailSchema = sessionSummarySchema.extend({
  decision: z.looseObject({}).nullable(),
  startRegisterWh: wattHours.nullable(),
  stop: told.nullable().describe('as the charger said it'),
  conflictingStops: z.array(told),
  corrections: z.array(stop.extend({ correctedBy: z.string(), reason: z.string() })),
  readings: z.array(reading),
  chargingStates: z.array(z.strictObject({ chargingState: z.string(), changedAt: instant })),
  sequenceGaps: z
    .array(
      z.strictObject({
        firstMissingSeqNo: z.int(),
        lastMissingSeqNo: z.int(),
        noticedAt: instant,
        outcome: z.enum(['open', 'healed', 'given-up']),
        endedAt: instant.nullable(),
        missingCount: z.int().nullable().describe('how many were missing when they were given up'),
      }),
    )
    .describe('events that were missing while later ones had come (OCPP 2.0.1, seqNo)'),
  quarantine: z.array(
    z.strictObject({ reason: z.string(), detail: z.string(), isReleased: z.boolean() }),
  ),
  events: z.array(
    z.strictObject({
      id: z.string(),
      type: z.string(),
      sequence: z.string(),
      occurredAt: instant,
      recordedAt: instant,
      contentHash: z.string(),
      position,
      event: z.looseObject({ type: z.string() }),
    }),
  ),
});

const signedValue = z.strictObject({
  readAt: instant,
  context: z.string(),
  measurand: z.string().nullable(),
  encodingMethod: z.string().nullable().describe('e.g. OCMF; OCPP 1.6 does not say it'),
  signingMethod: z.string().nullable(),
  publicKey: z.string().nullable().describe('as the charger says it'),
  sealedData: z.string().describe('as it is in the log: encrypted'),
  data: z
    .string()
    .nullable()
    .describe('what the meter signed, byte for byte; null unless asked for, and when erased'),
});

/** `GET /v1/sessions/{id}/signed-values`. */
export const signedValuesPageSchema = z.strictObject({
  items: z.array(
    z.strictObject({
      sequence: z.string(),
      eventId: z.string(),
      contentHash: z.string(),
      position,
      values: z.array(signedValue),
    }),
  ),
  next: z.string().nullable(),
});
