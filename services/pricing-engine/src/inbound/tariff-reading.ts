import { canonicalJson } from '@tallywatt/contracts';
import { Problem, type Fault } from '@tallywatt/service-kit';
import { analyseTariff, parseTariff, unstorableTexts, type OcpiTariff } from '@tallywatt/tariffs';

/** OCPI 2.2.1, types: a CiString has printable ASCII characters only; Tariff.id has 36 at most. */
export const isTariffId = (text: string): boolean => /^[ -~]{1,36}$/.test(text);

// The event that carries the tariff has to fit into one record of the log.
const canonicalLengthMax = 400_000;

/** A tariff that can be priced with: as its author wrote it, as it is read, and what is odd in it. */
export type ReadTariff = Readonly<{
  document: Readonly<Record<string, unknown>>;
  tariff: OcpiTariff;
  warnings: readonly Fault[];
}>;

/**
 * Reads a tariff that a person hands in.
 *
 * @throws Problem 422 with every fault of the tariff by its JSON path.
 */
export const readHandedIn = (tariffId: string, body: unknown): ReadTariff =>
  read(tariffId, body, unstorableTexts(body));

/** The same for a text that has been published, whatever was accepted then. */
export const readTariff = (tariffId: string, document: unknown): ReadTariff =>
  read(tariffId, document, []);

const read = (tariffId: string, body: unknown, unstorable: readonly Fault[]): ReadTariff => {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const document = isObject ? { id: tariffId, ...body } : undefined;
  const parsed = parseTariff(document ?? body);
  const faults = [
    ...unstorable,
    ...(document === undefined ? [] : idFaults(tariffId, document.id)),
    // Half a surrogate pair has no canonical form: that is said already.
    ...(document === undefined || unstorable.length > 0 ? [] : sizeFaults(document)),
    ...(parsed.ok ? [] : parsed.faults),
  ];
  if (parsed.ok && document !== undefined && faults.length === 0) {
    const { tariff, warnings } = parsed;
    return { document, tariff, warnings: [...warnings, ...analyseTariff(tariff)] };
  }
  throw new Problem({
    status: 422,
    type: 'tariff-invalid',
    title: 'The tariff cannot be priced with',
    detail: faults.map(({ path, message }) => `${path}: ${message}`).join('; '),
    faults,
  });
};

const idFaults = (tariffId: string, id: unknown): Fault[] => {
  if (typeof id !== 'string' || id.length === 0 || id.length > 36) return [];
  if (id !== tariffId) {
    const message = `expected ${JSON.stringify(tariffId)} as in the path, or nothing`;
    return [{ path: '$.id', message }];
  }
  return isTariffId(id) ? [] : [{ path: '$.id', message: 'expected printable ASCII characters' }];
};

const sizeFaults = (document: object): Fault[] => {
  try {
    const { length } = canonicalJson(document);
    if (length <= canonicalLengthMax) return [];
    const message = `expected at most ${canonicalLengthMax} characters, found ${length}`;
    return [{ path: '$', message }];
  } catch (error) {
    return [{ path: '$', message: `has no canonical form: ${(error as Error).message}` }];
  }
};
