import { compareRational, rational, rationalFromDecimal, type Decimal } from '@tallywatt/money';
import {
  cdrDimensions,
  fault,
  listAt,
  objectAt,
  wordAt,
  type CdrDimension,
  type CdrPeriod,
  type CdrRatingInput,
  type Findings,
  type JsonObject,
} from '@tallywatt/tariffs';
import { decimalAt, instantAt } from './quote-fields';

/** A CDR as far as it decides a price; the other fields of an OCPI CDR are left unread. */
export type QuoteCdr = CdrRatingInput['cdr'];

/** The CDR of a quote, or undefined after its faults. */
export const parseQuoteCdr = (value: unknown, findings: Findings): QuoteCdr | undefined => {
  const path = '$.cdr';
  const json = objectAt(value, path, findings);
  if (json === undefined) return undefined;
  const instant = (name: string): number | undefined =>
    instantAt(json[name], `${path}.${name}`, findings, 'is-utc');
  const startMs = instant('start_date_time');
  const endMs = instant('end_date_time');
  const isReversed = startMs !== undefined && endMs !== undefined && endMs < startMs;
  if (isReversed) {
    fault(findings, `${path}.end_date_time`, 'expected an instant at or after start_date_time');
  }
  const list = listAt(json['charging_periods'], `${path}.charging_periods`, findings);
  if (list?.length === 0) {
    fault(findings, `${path}.charging_periods`, 'expected at least one period');
  }
  const periods = (list ?? []).flatMap((entry, index): CdrPeriod[] => {
    const at = `${path}.charging_periods[${index}]`;
    const period = objectAt(entry, at, findings);
    if (period === undefined) return [];
    const fromPath = `${at}.start_date_time`;
    const fromMs = instantAt(period['start_date_time'], fromPath, findings, 'is-utc');
    const isOutside =
      !isReversed &&
      fromMs !== undefined &&
      (fromMs < (startMs ?? 0) || fromMs > (endMs ?? fromMs));
    if (isOutside)
      fault(findings, fromPath, 'expected an instant from the start to the end of the CDR');
    const volumes = parseVolumes(period, at, findings);
    return fromMs === undefined ? [] : [{ fromMs, volumes }];
  });
  return startMs === undefined || endMs === undefined ? undefined : { startMs, endMs, periods };
};

const parseVolumes = (period: JsonObject, at: string, findings: Findings): CdrPeriod['volumes'] => {
  const volumes: Partial<Record<CdrDimension, Decimal>> = {};
  const list = listAt(period['dimensions'], `${at}.dimensions`, findings) ?? [];
  const seen = new Set<CdrDimension>();
  list.forEach((entry, index) => {
    const path = `${at}.dimensions[${index}]`;
    const json = objectAt(entry, path, findings);
    if (json === undefined) return;
    const type = wordAt(json['type'], `${path}.type`, findings, cdrDimensions);
    if (type !== undefined && seen.has(type)) {
      fault(findings, `${path}.type`, `expected each dimension once, found a second ${type}`);
    }
    if (type !== undefined) seen.add(type);
    if (type !== undefined && ignored.includes(type)) return;
    const volume = decimalAt(json['volume'], `${path}.volume`, findings);
    if (type === undefined || volume === undefined) return;
    const most = hours.includes(type) ? longestHours : largestVolume;
    if (compareRational(rationalFromDecimal(volume), most) > 0) {
      fault(findings, `${path}.volume`, `expected at most ${most.numerator}, found more`);
    }
    volumes[type] = volume;
  });
  return volumes;
};

// No price depends on these, and some may be negative.
const ignored: readonly CdrDimension[] = ['ENERGY_IMPORT', 'ENERGY_EXPORT', 'STATE_OF_CHARGE'];
const hours: readonly CdrDimension[] = ['TIME', 'PARKING_TIME', 'RESERVATION_TIME'];
/** A leap year: longer sessions are broken clocks. */
const longestHours = rational(366n * 24n, 1n);
const largestVolume = rational(10n ** 12n, 1n);
