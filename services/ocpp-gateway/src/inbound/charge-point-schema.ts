import {
  decimalFromJsonNumber,
  decimalFromString,
  isCurrency,
  type Decimal,
} from '@tallywatt/money';
import { isTimeZone } from '@tallywatt/time';
import { z } from 'zod';
import { type ChargePoint, costDisplays } from '../outbound/charge-point-registry';

const decimalOf = (value: number | string): Decimal | undefined => {
  try {
    return typeof value === 'number' ? decimalFromJsonNumber(value) : decimalFromString(value);
  } catch {
    return undefined;
  }
};

/** Kilowatts as whole watts, or undefined when they are none. */
const wattsOf = (powerKw: number): bigint | undefined => {
  const value = decimalOf(powerKw);
  if (value === undefined || value.unscaled <= 0n || value.scale > 3) return undefined;
  return value.unscaled * 10n ** BigInt(3 - value.scale);
};

const isPercent = (value: number | string): boolean => {
  const decimal = decimalOf(value);
  if (decimal === undefined || decimal.scale > 6) return false;
  return decimal.unscaled >= 0n && decimal.unscaled <= 100n * 10n ** BigInt(decimal.scale);
};

const id = (max: number) =>
  z
    .string()
    .regex(new RegExp(`^(?!\\.+$)[A-Za-z0-9._:=+|@*-]{1,${max}}$`), 'must be a plain identifier');

/** Names as people write them, of at most 64 characters; the same ones in any order say the same. */
const groups = z
  .array(
    z
      .string()
      .regex(
        /^[^\p{C}\p{Z}](?:[^\p{C}\p{Zl}\p{Zp}]{0,62}[^\p{C}\p{Z}])?$/u,
        'must be 1 to 64 printable characters without spaces around them',
      ),
  )
  .max(50)
  .optional();

const sortedOnce = (names: readonly string[] | undefined): string[] => [...new Set(names)].sort();

const connector = z.strictObject({
  id: z.number().int().min(1).max(1_000),
  powerKwMax: z
    .number()
    .max(5_000)
    .refine((value) => wattsOf(value) !== undefined, 'must be above 0, in whole watts'),
  evseGroups: groups,
});

/** OCPP security profiles 1 and 2: HTTP Basic. */
export const isByPassword = (securityProfile: number): boolean =>
  securityProfile === 1 || securityProfile === 2;

/** `POST /v1/charge-points`. The password may be left out where one is stored. */
export const chargePointSchema = z
  .strictObject({
    id: id(48),
    locationId: id(36),
    timeZone: z.string().refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin'),
    currency: z.string().refine(isCurrency, 'must be an ISO 4217 currency'),
    taxRatePercent: z
      .union([z.number(), z.string()])
      .refine(isPercent, 'must be a percentage from 0 to 100')
      .optional(),
    siteGroups: groups,
    tariffId: id(36),
    connectors: z
      .array(connector)
      .min(1)
      .max(100)
      .refine(
        (list) => new Set(list.map(({ id }) => id)).size === list.length,
        'has a connector twice',
      ),
    securityProfile: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
    password: z.string().min(16).max(40).optional(),
    costDisplay: z.enum(costDisplays).default('none'),
    certificateName: id(64).optional(),
    certificateFingerprint: z
      .string()
      .transform((text) => text.replaceAll(':', '').toLowerCase())
      .refine((text) => /^[0-9a-f]{64}$/.test(text), 'must be a SHA-256 in hexadecimal')
      .optional(),
  })
  .superRefine(({ securityProfile, password, ...certificate }, context) => {
    const fault = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message });
    if (!isByPassword(securityProfile) && password !== undefined) {
      fault('password', `has no use with security profile ${securityProfile}`);
    }
    for (const field of ['certificateName', 'certificateFingerprint'] as const) {
      if (certificate[field] !== undefined && securityProfile === 0) {
        fault(field, 'has no use with security profile 0');
      }
    }
  });

/** Many at once: each charge point once, faults by index. */
export const chargePointListSchema = z
  .array(chargePointSchema)
  .min(1)
  .max(10_000)
  .superRefine((list, context) => {
    const seen = new Set<string>();
    list.forEach(({ id: pointId }, index) => {
      if (seen.has(pointId)) {
        context.addIssue({
          code: 'custom',
          path: [index, 'id'],
          message: `${pointId} is in the list twice`,
        });
      }
      seen.add(pointId);
    });
  });

export type ChargePointRequest = z.infer<typeof chargePointSchema>;

/** Plain digits without trailing zeros: 19, 19.0 and "19.00" are one rate. */
const percentText = (value: number | string): string => {
  const { unscaled, scale } = decimalOf(value) ?? { unscaled: 0n, scale: 0 };
  let [digits, places] = [unscaled, scale];
  while (places > 0 && digits % 10n === 0n) [digits, places] = [digits / 10n, places - 1];
  if (places === 0) return digits.toString();
  const text = digits.toString().padStart(places + 1, '0');
  return `${text.slice(0, -places)}.${text.slice(-places)}`;
};

export const decodeChargePoint = (cpoId: string, request: ChargePointRequest): ChargePoint => ({
  cpoId,
  id: request.id,
  locationId: request.locationId,
  timeZone: request.timeZone,
  currency: request.currency,
  ...(request.taxRatePercent === undefined
    ? {}
    : { taxRatePercent: percentText(request.taxRatePercent) }),
  siteGroups: sortedOnce(request.siteGroups),
  tariffId: request.tariffId,
  securityProfile: request.securityProfile,
  costDisplay: request.costDisplay,
  connectors: request.connectors
    .map(({ id, powerKwMax, evseGroups }) => ({
      id,
      powerWMax: wattsOf(powerKwMax) ?? 0n,
      evseGroups: sortedOnce(evseGroups),
    }))
    .sort((one, other) => one.id - other.id),
});
