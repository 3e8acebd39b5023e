import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { analyseTariff, parseTariff } from '@tallywatt/tariffs';

export type FileFault = Readonly<{ file: string; path: string; message: string }>;

/** A tariff of a file; `path` is where it stands in there. */
export type FileTariff = Readonly<{ file: string; path: string; id: string; document: object }>;

export type TariffFiles = Readonly<{
  tariffs: readonly FileTariff[];
  faults: readonly FileFault[];
  warnings: readonly FileFault[];
}>;

const filesAt = (path: string): readonly string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => name.endsWith('.json'))
        .sort()
        .map((name) => join(path, name))
    : [path];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One tariff, a list of them, or what an OCPI endpoint answers with (`{ data: ... }`). */
const documentsIn = (content: unknown, path = '$'): readonly [path: string, value: unknown][] => {
  if (Array.isArray(content)) return content.map((item, index) => [`${path}[${index}]`, item]);
  if (isObject(content) && content['data'] !== undefined && content['elements'] === undefined) {
    return documentsIn(content['data'], `${path}.data`);
  }
  return [[path, content]];
};

const readFile = (file: string): TariffFiles => {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const message = `is not JSON: ${(error as Error).message}`;
    return { tariffs: [], faults: [{ file, path: '$', message }], warnings: [] };
  }
  const documents = documentsIn(content);
  if (documents.length === 0) {
    return { tariffs: [], faults: [{ file, path: '$', message: 'holds no tariff' }], warnings: [] };
  }
  const tariffs: FileTariff[] = [];
  const faults: FileFault[] = [];
  const warnings: FileFault[] = [];
  for (const [path, value] of documents) {
    const inFile = ({ path: at, message }: { path: string; message: string }): FileFault => ({
      file,
      path: `${path}${at.slice(1)}`,
      message,
    });
    const parsed = parseTariff(value);
    if (!parsed.ok) {
      faults.push(...parsed.faults.map(inFile));
    } else if (isObject(value)) {
      tariffs.push({ file, path, id: parsed.tariff.id, document: value });
      warnings.push(...[...parsed.warnings, ...analyseTariff(parsed.tariff)].map(inFile));
    }
  }
  return { tariffs, faults, warnings };
};

/**
 * Reads a file, or all `*.json` of a folder in the order of their names. Two tariffs of one id are
 * a fault: which of them is the later version would be a guess.
 *
 * @throws when the path cannot be read.
 */
export const readTariffFiles = (path: string): TariffFiles => {
  const read = filesAt(path).map(readFile);
  const tariffs = read.flatMap((one) => one.tariffs);
  const twice = tariffs.filter(
    ({ id }, index) => tariffs.findIndex((other) => other.id === id) !== index,
  );
  return {
    tariffs,
    faults: [
      ...read.flatMap(({ faults }) => faults),
      ...twice.map(({ file, path: at, id }) => ({
        file,
        path: `${at}.id`,
        message: `${JSON.stringify(id)} occurs twice in this import`,
      })),
    ],
    warnings: read.flatMap(({ warnings }) => warnings),
  };
};
