import { isCurrency, type Currency, type Decimal } from '@tallywatt/money';
import {
  fault,
  objectAt,
  present,
  type Entitlement,
  type Findings,
  type JsonObject,
  type TariffFault,
} from '@tallywatt/tariffs';
import { isTimeZone } from '@tallywatt/time';
import { parseQuoteCdr, type QuoteCdr } from './quote-cdr-parsing';
import { parseEntitlement, parseSiteGroups } from './quote-entitlement';
import { found, instantAt, optional, percentAt, warnOfUnread } from './quote-fields';
import { parseQuoteSession, type QuoteSession } from './quote-session-parsing';
import type { QuotedTariff } from './quoted-tariff';

/** What shall be priced, and with what. */
export type Quote = Readonly<{
  quoted: Extract<QuotedTariff, { ok: true }>;
  timeZone: string;
  currency?: Currency;
  taxRatePercent?: Decimal;
  /** The instant at which the tariff has to be in force; left out: the start. */
  atMs?: number;
  entitlement?: Entitlement;
  siteGroups?: readonly string[];
  subject: Readonly<{ kind: 'session'; session: QuoteSession } | { kind: 'cdr'; cdr: QuoteCdr }>;
  warnings: readonly TariffFault[];
}>;

export type ParsedQuote =
  Readonly<{ ok: true; quote: Quote }> | Readonly<{ ok: false; faults: readonly TariffFault[] }>;

const bodyFields = [
  'tariff',
  'timeZone',
  'currency',
  'taxRatePercent',
  'at',
  'entitlement',
  'siteGroups',
  'session',
  'cdr',
];

/** Reads the body of a quote. Every fault is listed at once, by its JSON path. */
export const parseQuote = (
  body: unknown,
  readTariff: (document: JsonObject) => QuotedTariff,
): ParsedQuote => {
  const findings: Findings = { faults: [], warnings: [] };
  const json = objectAt(body, '$', findings);
  if (json === undefined) return { ok: false, faults: findings.faults };
  warnOfUnread(json, '$', bodyFields, findings);
  const document = objectAt(json['tariff'], '$.tariff', findings);
  const quoted = document && readTariff(document);
  findings.faults.push(...(quoted?.ok === false ? quoted.faults : []));
  const timeZone = timeZoneAt(json['timeZone'], findings);
  const options = present({
    currency: optional(json['currency'], (given) => currencyAt(given, findings)),
    taxRatePercent: optional(json['taxRatePercent'], (given) =>
      percentAt(given, '$.taxRatePercent', findings),
    ),
    atMs: optional(json['at'], (given) => instantAt(given, '$.at', findings)),
    entitlement: optional(json['entitlement'], (given) => parseEntitlement(given, findings)),
    siteGroups: optional(json['siteGroups'], (given) => parseSiteGroups(given, findings)),
  });
  const subject = parseSubject(json, findings);
  if (findings.faults.length > 0 || quoted?.ok !== true || !timeZone || subject === undefined) {
    return { ok: false, faults: findings.faults };
  }
  checkSize({ quoted, subject }, findings);
  if (findings.faults.length > 0) return { ok: false, faults: findings.faults };
  const warnings = [...quoted.warnings, ...findings.warnings];
  return { ok: true, quote: { quoted, timeZone, subject, warnings, ...options } };
};

const parseSubject = (json: JsonObject, findings: Findings): Quote['subject'] | undefined => {
  const session = optional(json['session'], (given) => parseQuoteSession(given, findings));
  const cdr = optional(json['cdr'], (given) => parseQuoteCdr(given, findings));
  const [hasSession, hasCdr] = [json['session'] ?? false, json['cdr'] ?? false].map(
    (given) => given !== false,
  );
  if (hasSession === hasCdr) {
    const both = hasSession ? 'both' : 'neither';
    fault(findings, '$.session', `expected either a session or a cdr, found ${both}`);
  }
  if (session !== undefined) return { kind: 'session', session };
  return cdr && { kind: 'cdr', cdr };
};

const timeZoneAt = (value: unknown, findings: Findings): string | undefined =>
  typeof value === 'string' && isTimeZone(value)
    ? value
    : fault(findings, '$.timeZone', `expected an IANA time zone, found ${found(value)}`);

const currencyAt = (value: unknown, findings: Findings): Currency | undefined =>
  typeof value === 'string' && isCurrency(value)
    ? value
    : fault(findings, '$.currency', `expected an ISO 4217 code, found ${found(value)}`);

const dayMs = 86_400_000;
const longestDays = 366;
/** Times an element may be asked whether it holds: more would keep everybody else waiting. */
const mostQuestions = 20_000_000;

// A price takes as long as there are cuts and elements to ask at each: broken clocks and monsters
// end here.
const checkSize = (
  { quoted, subject }: Pick<Quote, 'quoted' | 'subject'>,
  findings: Findings,
): void => {
  const { tariff } = quoted;
  const elements = [...tariff.elements, ...(tariff.energyCost?.elements ?? [])];
  const isSession = subject.kind === 'session';
  const { startMs, endMs } = isSession ? subject.session : subject.cdr;
  const states = isSession ? subject.session.states : [];
  const fromMs = states.reduce((earliestMs, one) => Math.min(earliestMs, one.fromMs), startMs);
  if (endMs - fromMs > longestDays * dayMs) {
    const path = isSession ? '$.session.end' : '$.cdr.end_date_time';
    fault(findings, path, `expected at most ${longestDays} days from the start, found more`);
    return;
  }
  const wallTimes = new Set(
    elements.flatMap(({ restrictions: { startTime, endTime } }) => [startTime, endTime]),
  );
  const perDay = wallTimes.size * (1 + (endMs - fromMs) / dayMs);
  const idleCuts = elements.filter(
    ({ restrictions: { minIdleSeconds, maxIdleSeconds } }) =>
      (minIdleSeconds ?? maxIdleSeconds) !== undefined,
  ).length;
  // Each time the vehicle stops taking energy its idle time is cut anew.
  const perState = 1 + 2 * idleCuts;
  const parts = isSession
    ? subject.session.readings.length + states.length * perState + perDay + 2 * elements.length
    : subject.cdr.periods.length;
  if (parts * elements.length > mostQuestions) {
    const size = `${Math.ceil(parts)} parts and ${elements.length} elements`;
    fault(
      findings,
      '$',
      `expected a product of parts and elements up to ${mostQuestions}, found ${size}`,
    );
  }
};
