import type { PipeTransform } from '@nestjs/common';
import { decimalFromJsonNumber, decimalFromString, type Decimal } from '@tallywatt/money';
import { Problem, validated } from '@tallywatt/service-kit';
import { normalizeInstant } from '@tallywatt/time';
import { z } from 'zod';
import type { EntitlementTerms } from '../domain/entitlement';
import type { Roaming } from '../domain/token';
import type { TokenDescription } from '../outbound/token-registry';

/** OCPI 2.2.1 section 12.4.2. */
const tokenTypes = ['RFID', 'APP_USER', 'AD_HOC_USER', 'OTHER'] as const;

// OCPI's words, those of OCPP 1.6, and the one most operator consoles use.
const statuses: Readonly<Record<string, 'valid' | 'blocked'>> = {
  valid: 'valid',
  active: 'valid',
  accepted: 'valid',
  blocked: 'blocked',
};

const instantSchema = z.string().transform((text, context) => {
  try {
    return normalizeInstant(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be RFC 3339, such as 2027-01-31T00:00:00Z' });
    return z.NEVER;
  }
});

const identifierSchema = z
  .string()
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'must be printable ASCII characters');

const percentSchema = z.union([z.number(), z.string()]).transform((given, context): Decimal => {
  try {
    const percent =
      typeof given === 'number' ? decimalFromJsonNumber(given) : decimalFromString(given);
    if (percent.scale <= 6 && percent.unscaled >= 0n) {
      if (percent.unscaled <= 100n * 10n ** BigInt(percent.scale)) return percent;
    }
  } catch {
    // Said below.
  }
  context.addIssue({ code: 'custom', message: 'must be from 0 to 100, at most 6 decimal places' });
  return z.NEVER;
});

const membershipSchema = (tiers: ReadonlyMap<string, Decimal>) =>
  z.preprocess(
    (given) => (typeof given === 'string' ? { tier: given } : given),
    z
      .strictObject({
        tier: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,39}$/, 'must be the name of a tier'),
        discountPercent: percentSchema.nullish(),
        validUntil: instantSchema.nullish(),
      })
      .transform(({ tier, discountPercent, validUntil }, context): EntitlementTerms => {
        const name = tier.toLowerCase();
        const discount = discountPercent ?? tiers.get(name);
        if (discount === undefined || name === 'retail') {
          const known = [...tiers.keys()].join(', ');
          const message = `'${tier}' is no membership tier; known are: ${known}`;
          context.addIssue({ code: 'custom', path: ['tier'], message });
          return z.NEVER;
        }
        return {
          tier: name,
          discountPercent: discount,
          ...(validUntil == null ? {} : { validUntil }),
        };
      }),
  );

// A card number has no place here: 13 to 19 digits are refused before anybody stores them.
const paymentMethodSchema = z.preprocess(
  (given) =>
    typeof given === 'object' && given !== null && Object.keys(given).join() === 'id'
      ? (given as { id: unknown }).id
      : given,
  z
    .string('must be the id the processor gave to a saved payment method')
    .min(1)
    .max(255)
    .refine(
      (id) => !/^\d{12,19}$/.test(id.replace(/[ -]/g, '')),
      'must be the id the processor gave, never a card number',
    ),
);

/** OCPI 2.2.1 section 12.4.4. */
const whitelists = ['ALWAYS', 'ALLOWED', 'ALLOWED_OFFLINE', 'NEVER'] as const;

const upperCase = (text: string): string => text.toUpperCase();

const roamingSchema = z
  .strictObject({
    countryCode: z
      .string()
      .regex(/^[A-Za-z]{2}$/, 'must be an ISO 3166-1 alpha-2 code')
      .transform(upperCase),
    partyId: z
      .string()
      .regex(/^[A-Za-z0-9]{3}$/, 'must be an OCPI party id, three letters or digits')
      .transform(upperCase),
    whitelist: z
      .string()
      .transform(upperCase)
      .pipe(z.enum(whitelists, `must be one of ${whitelists.join(', ')}`)),
  })
  .transform(({ countryCode, partyId, whitelist }): Roaming => ({
    partyId: `${countryCode}${partyId}`,
    whitelist,
  }));

/** What a token that somebody else pays for cannot have: ADR 28. */
const onlyOfDrivers = {
  roaming: ['driverId', 'paymentMethod', 'membership', 'fleetId'],
  fleetId: ['paymentMethod', 'membership'],
} as const;

/** The body of `POST /v1/tokens` for one token, as callers write it. */
export const tokenRequestSchema = (tiers: ReadonlyMap<string, Decimal>) =>
  z
    .strictObject({
      uid: identifierSchema.max(36, 'must have at most 36 characters (OCPI CiString(36))'),
      type: z
        .string()
        .transform((type) => type.toUpperCase())
        .pipe(z.enum(tokenTypes, `must be one of ${tokenTypes.join(', ')}`)),
      status: z
        .string()
        .transform((status) => statuses[status.toLowerCase()] ?? status)
        .pipe(z.enum(['valid', 'blocked'], 'must be valid or blocked')),
      driverId: identifierSchema.max(255).nullish(),
      groupId: identifierSchema.max(36).nullish(),
      expiresAt: instantSchema.nullish(),
      paymentMethod: paymentMethodSchema.nullish(),
      fleetId: identifierSchema.max(255).nullish(),
      roaming: roamingSchema.nullish(),
      changesNetwork: z.boolean().nullish(),
      membership: membershipSchema(tiers).nullish(),
    })
    .superRefine((token, context) => {
      for (const payer of ['roaming', 'fleetId'] as const) {
        for (const name of onlyOfDrivers[payer]) {
          if (token[payer] == null || token[name] == null) continue;
          const message = `must be left out where ${payer} is given: that is who pays`;
          context.addIssue({ code: 'custom', path: [name], message });
        }
      }
    })
    .transform(({ uid, type, status, ...rest }): TokenDescription => ({
      uid,
      tokenType: type,
      status,
      ...(rest.driverId == null ? {} : { driverId: rest.driverId }),
      ...(rest.groupId == null ? {} : { groupId: rest.groupId }),
      ...(rest.expiresAt == null ? {} : { expiresAt: rest.expiresAt }),
      ...(rest.paymentMethod == null ? {} : { paymentMethodId: rest.paymentMethod }),
      ...(rest.fleetId == null ? {} : { fleetId: rest.fleetId }),
      ...(rest.roaming == null ? {} : { roaming: rest.roaming }),
      ...(rest.changesNetwork === true ? { changesNetwork: true as const } : {}),
      ...(rest.membership == null ? {} : { membership: rest.membership }),
    }));

/** What `POST /v1/tokens` was given: one token, or a list of them. */
export type TokensRequest = Readonly<{ isList: boolean; tokens: readonly TokenDescription[] }>;

const listMax = 1_000;

/** Reads the body of `POST /v1/tokens`. @throws Problem 422 with every fault by its JSON path. */
export const tokensRequestPipe = (
  tiers: ReadonlyMap<string, Decimal>,
): PipeTransform<unknown, TokensRequest> => {
  const one = validated(tokenRequestSchema(tiers));
  const many = validated(z.array(tokenRequestSchema(tiers)).min(1).max(listMax));
  const metadata = { type: 'body' } as const;
  return {
    transform: (body: unknown): TokensRequest => {
      if (!Array.isArray(body)) {
        return { isList: false, tokens: [one.transform(body, metadata)] };
      }
      const tokens = many.transform(body, metadata);
      refuseRepeatedUids(tokens);
      return { isList: true, tokens };
    },
  };
};

const refuseRepeatedUids = (tokens: readonly TokenDescription[]): void => {
  const first = new Map<string, number>();
  const faults = tokens.flatMap(({ uid }, position) => {
    const earlier = first.get(uid.toUpperCase());
    if (earlier === undefined) first.set(uid.toUpperCase(), position);
    return earlier === undefined
      ? []
      : [{ path: `$[${position}].uid`, message: `is the token of $[${earlier}] again` }];
  });
  if (faults.length === 0) return;
  throw new Problem({
    status: 422,
    type: 'request-invalid',
    title: 'The request says something it may not',
    detail: faults.map(({ path, message }) => `${path}: ${message}`).join('; '),
    faults,
  });
};
