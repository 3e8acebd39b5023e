import { isCurrency } from '@tallywatt/money';
import { isTimeZone, normalizeInstant } from '@tallywatt/time';
import { z } from 'zod';
import type { AssignmentTerms } from '../domain/tariff-assignment';

const printable = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;
const printableUpTo = (length: number) =>
  z.string().min(1).max(length).regex(printable, 'must be printable characters');
const name = printableUpTo(64);
const names = z.array(name).max(500);

// Kinds as libs/tariffs names them; a group is named by the reference that GET /v1/tokens shows.
const driverGroup = z
  .string()
  .regex(
    /^(?:tier:[a-z][a-z0-9-]{0,39}|token-type:(?:RFID|APP_USER|AD_HOC_USER|OTHER)|group:[!-~]{1,64}|roaming:[A-Z]{2}[A-Z0-9]{3})$/,
    'must be tier:<name>, token-type:<OCPI TokenType>, group:<group reference> or ' +
      'roaming:<country code and party id>',
  );

// What fields say of each other is looked at also where one of them has a fault: all are found.
const always = {
  when: ({ value }: Readonly<{ value: unknown }>): boolean =>
    typeof value === 'object' && value !== null,
};

const instant = z.string().transform((text, context) => {
  try {
    return normalizeInstant(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be RFC 3339, such as 2027-01-31T00:00:00Z' });
    return z.NEVER;
  }
});

/** False only for two instants of which the first is not before the other. */
const isBefore = (one: unknown, other: unknown): boolean => {
  const [from, until] = [instant.safeParse(one).data, instant.safeParse(other).data];
  return from === undefined || until === undefined || from < until;
};

const timeOfDay = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');

const weekdays = [
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
  'SUNDAY',
] as const;

const weeklyWindow = z
  .strictObject({
    weekdays: z.array(z.enum(weekdays)).default([]),
    startTime: timeOfDay.nullish(),
    endTime: timeOfDay.nullish(),
  })
  .superRefine((window: Readonly<Record<string, unknown>>, context) => {
    const fault = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    const { startTime, endTime, weekdays: days } = window;
    if (startTime == null && endTime != null) fault('startTime', 'is missing beside endTime');
    if (startTime != null && endTime == null) fault('endTime', 'is missing beside startTime');
    if (startTime != null && startTime === endTime && startTime !== '00:00') {
      fault('endTime', 'equals startTime, whose meaning is disputed');
    }
    const isEveryDay = Array.isArray(days) && days.length === 0;
    if (startTime == null && endTime == null && isEveryDay) {
      fault('weekdays', 'asks nothing; leave the window out');
    }
  }, always);

// Not int(): its fault would hide what fields say of each other.
const priority = z
  .number()
  .refine(Number.isInteger, 'must be a whole number')
  .min(-1_000_000)
  .max(1_000_000)
  .meta({ type: 'integer' })
  .default(0);

/** The body of `PUT /v1/tariff-assignments/{id}`. What is left out asks nothing. */
export const assignmentSchema = z
  .strictObject({
    tariffId: z.string().regex(/^[ -~]{1,36}$/, 'must be the id of a tariff'),
    priority,
    driverGroups: z.array(driverGroup).max(500).default([]),
    chargePointIds: names.default([]),
    evseGroups: names.default([]),
    locationIds: names.default([]),
    siteGroups: names.default([]),
    weeklyWindows: z.array(weeklyWindow).max(50).default([]),
    validFrom: instant.nullish(),
    validUntil: instant.nullish(),
  })
  .refine(({ validFrom, validUntil }) => isBefore(validFrom, validUntil), {
    ...always,
    path: ['validUntil'],
    message: 'must be after validFrom',
  });

export type AssignmentRequest = z.infer<typeof assignmentSchema>;

/** The terms of a request in one form, whatever order its author wrote them in. */
export const decodeAssignment = (request: AssignmentRequest): AssignmentTerms => ({
  tariffId: request.tariffId,
  priority: request.priority,
  driverGroups: sortedOnce(request.driverGroups),
  chargePointIds: sortedOnce(request.chargePointIds),
  evseGroups: sortedOnce(request.evseGroups),
  locationIds: sortedOnce(request.locationIds),
  siteGroups: sortedOnce(request.siteGroups),
  weeklyWindows: sortedOnce(request.weeklyWindows.map(windowText)).map(
    (text) => JSON.parse(text) as AssignmentTerms['weeklyWindows'][number],
  ),
  ...(request.validFrom == null ? {} : { validFrom: request.validFrom }),
  ...(request.validUntil == null ? {} : { validUntil: request.validUntil }),
});

const windowText = (window: AssignmentRequest['weeklyWindows'][number]): string =>
  JSON.stringify({
    weekdays: weekdays.filter((day) => window.weekdays.includes(day)),
    ...(window.startTime == null ? {} : { startTime: window.startTime }),
    ...(window.endTime == null ? {} : { endTime: window.endTime }),
  });

const sortedOnce = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

// A query that names a parameter once has a text, and a list when it names it again.
const givenOf = <Item extends z.ZodType>(item: Item) =>
  z.preprocess(
    (value: unknown): unknown =>
      value === undefined ? [] : Array.isArray(value) ? value : [value],
    z.array(item).max(500),
  );
const given = givenOf(name);

/** The query of `GET /v1/tariff-assignments/preview`: a start, as authorization is asked of it. */
export const previewSchema = z.strictObject({
  chargePointId: name,
  /** The charge point's own tariff. */
  tariffId: name,
  currency: z.string().refine(isCurrency, 'must be an ISO 4217 currency'),
  at: instant.optional(),
  locationId: name.optional(),
  timeZone: z.string().refine(isTimeZone, 'must be an IANA time zone').optional(),
  siteGroups: given,
  evseGroups: given,
  /** `group:` and the longest reference. */
  driverGroups: givenOf(printableUpTo(70)),
});

export type PreviewRequest = z.infer<typeof previewSchema>;
