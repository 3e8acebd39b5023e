import { status } from '@grpc/grpc-js';
import { RpcException } from '@nestjs/microservices';
import { isCurrency } from '@tallywatt/money';
import { instantFromEpochMs, isTimeZone } from '@tallywatt/time';
import { z } from 'zod';

const requiredText = z.string('is missing').min(1, 'is missing');

/** A text that is empty when nobody knows it. */
const knownText = z
  .string()
  .transform((text) => (text === '' ? undefined : text))
  .optional();

const names = z.array(z.string()).default([]);

/** google.protobuf.Timestamp as proto-loader gives it: seconds as text, zeros left out. */
const timestampSchema = z
  .object(
    {
      seconds: z.coerce.number().int().default(0),
      nanos: z.number().int().min(0).max(999_999_999).default(0),
    },
    'is missing',
  )
  .transform(({ seconds, nanos }, context) => {
    try {
      return instantFromEpochMs(seconds * 1_000 + Math.floor(nanos / 1_000_000));
    } catch {
      context.addIssue({ code: 'custom', message: 'is not an instant of years 0000 to 9999' });
      return z.NEVER;
    }
  });

const requestSchema = z.object({
  cpoId: requiredText.regex(/^[a-z0-9-]{1,40}$/, 'must be lower-case letters, digits and dashes'),
  chargePointId: requiredText.max(255),
  connectorId: z.number().int().min(0, 'must not be negative').default(0),
  idTag: requiredText.max(255, 'must have at most 255 characters'),
  at: timestampSchema,
  // Empty for a charge point without tariff: then the decision names none.
  tariffId: z.string().default(''),
  currency: requiredText.refine(isCurrency, 'is not an ISO 4217 code with a known minor unit'),
  // A gateway that does not say where it stands gets no tariff that is assigned by that.
  locationId: knownText,
  siteGroups: names,
  evseGroups: names,
  timeZone: knownText.refine(
    (zone) => zone === undefined || isTimeZone(zone),
    'is not an IANA time zone',
  ),
  purpose: z.enum(['authorize', 'start'], 'must be authorize or start'),
});

/** An AuthorizeRequest whose fields all say something. `idTag` is in clear. */
export type AuthorizeRequest = z.infer<typeof requestSchema>;

/** Reads an AuthorizeRequest, or names every faulty field of it. */
export const readAuthorizeRequest = (message: unknown): AuthorizeRequest | string => {
  const result = requestSchema.safeParse(message);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  return faults.join('; ');
};

/** Reads an AuthorizeRequest. @throws RpcException INVALID_ARGUMENT naming every faulty field. */
export const decodeAuthorizeRequest = (message: unknown): AuthorizeRequest => {
  const request = readAuthorizeRequest(message);
  if (typeof request !== 'string') return request;
  throw new RpcException({ code: status.INVALID_ARGUMENT, message: request });
};
