import { canonicalJson, type TariffPublished } from '@tallywatt/contracts';
import type { EventLog } from '@tallywatt/event-log';
import { Problem, type Fault } from '@tallywatt/service-kit';
import { analyseTariff, parseTariff } from '@tallywatt/tariffs';
import { instantFromEpochMs } from '@tallywatt/time';
import { tariffVersion, type TariffVersion } from '../domain/tariff-version';
import { keepTariffs, lockTariff, type TariffKey } from '../outbound/tariff-tables';

export type Publication = Readonly<{
  tariffId: string;
  version: bigint;
  contentHash: string;
  /** False: the latest version says the same already. */
  isNew: boolean;
  warnings: readonly Fault[];
}>;

/** Where tariffs are handed in. */
export class TariffDesk {
  constructor(private readonly eventLog: EventLog) {}

  /** @throws Problem 422 with every fault of the tariff by its JSON path. */
  async publish(key: TariffKey, body: unknown): Promise<Publication> {
    const { cpoId, tariffId } = key;
    const { document, tariff, warnings } = readTariff(tariffId, body);
    return this.eventLog.transaction(async (tx) => {
      const latest = await lockTariff(tx, key);
      const now = instantFromEpochMs(Date.now());
      const decision = tariffVersion.decide(
        { type: 'PublishTariff', cpoId, document, tariff, now },
        latest,
      );
      const published: readonly TariffPublished[] =
        decision.kind === 'accepted' ? (decision.events as readonly TariffPublished[]) : [];
      await this.eventLog.append(
        tx,
        published.map((event) => ({ event, occurredAt: now })),
        { recordedAt: now },
      );
      await keepTariffs(tx, published);
      return {
        ...publishedVersion(published[0], latest),
        tariffId,
        isNew: published.length > 0,
        warnings,
      };
    });
  }
}

const publishedVersion = (
  published: TariffPublished | undefined,
  latest: TariffVersion,
): Pick<Publication, 'version' | 'contentHash'> => {
  if (published !== undefined) return published.tariff;
  if (latest.status === 'absent')
    throw new Error('a tariff without versions has nothing to repeat');
  return latest;
};

/** OCPI 2.2.1, types: a CiString has printable ASCII characters only; Tariff.id has 36 at most. */
export const isTariffId = (text: string): boolean => /^[ -~]{1,36}$/.test(text);

// The event that carries the tariff has to fit into one record of the log.
const canonicalLengthMax = 400_000;

const readTariff = (tariffId: string, body: unknown) => {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const document = isObject ? { id: tariffId, ...body } : undefined;
  const parsed = parseTariff(document ?? body);
  const faults = [
    ...(document === undefined
      ? []
      : [...idFaults(tariffId, document.id), ...sizeFaults(document)]),
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
