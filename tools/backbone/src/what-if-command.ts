import { parseTariff, type OcpiTariff } from '@tallywatt/tariffs';
import {
  dayOption,
  formatOption,
  textOption,
  toJsonText,
  UsageFault,
  type Command,
  type OptionValues,
} from './command';
import { reachableKafka } from './log-access';
import { readTariffFiles, type FileFault, type TariffFiles } from './tariff-files';
import { logUnsound } from './session-what-if';
import { whatIfCsv, whatIfTable } from './what-if-formats';
import { askLog } from './what-if-log';
import { whatIfReport } from './what-if-report';

type ReadTariff = Readonly<{ tariff?: OcpiTariff; warnings: TariffFiles['warnings'] }> &
  Readonly<{ faults: readonly FileFault[] }>;

const readTariff = (options: OptionValues): ReadTariff => {
  const file = textOption(options, 'tariff');
  if (file === undefined) throw new UsageFault('say --tariff <file.json>: what to price with');
  let read: TariffFiles;
  try {
    read = readTariffFiles(file);
  } catch (error) {
    throw new UsageFault(`${file} cannot be read: ${(error as Error).message}`);
  }
  const { tariffs, faults, warnings } = read;
  if (faults.length > 0) return { faults, warnings };
  const [only, second] = tariffs;
  if (only === undefined || second !== undefined) {
    throw new UsageFault(`${file} holds ${tariffs.length} tariffs; one is compared with`);
  }
  const parsed = parseTariff(only.document);
  return parsed.ok
    ? { tariff: parsed.tariff, faults: [], warnings }
    : { faults: parsed.faults.map((one) => ({ ...one, file })), warnings };
};

const faultLine = ({ file, path, message }: FileFault): string => `${file}: ${path}: ${message}`;

export const whatIfCommand: Command = {
  name: 'what-if',
  synopsis:
    '--tariff <file.json> [--replaces <tariff id>] [--from <day>] [--to <day>] [--location <id>]' +
    ' [--cpo <id>] [--format table|json|csv]',
  about: 'Rates past sessions again under another tariff: revenue then and now, by site and day.',
  help: [
    '',
    'Reads the topics alone and writes nothing: no CDR changes, no service has to run.',
    'Days are those on which sessions started, by the calendar of their location; --from is',
    'included, --to is not. Revenue is without tax, of the CDRs that stand.',
    '  --tariff <file>        an OCPI 2.2.1 tariff, as for tariff import; it is not published',
    '  --replaces <tariff>    only sessions that this tariff priced, in any of its versions',
    'Sessions that the tariff cannot price are named and in neither sum; then the exit code is 1.',
  ],
  options: {
    tariff: { type: 'string' },
    replaces: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    location: { type: 'string' },
    cpo: { type: 'string' },
    format: { type: 'string' },
  },
  positionals: [0, 0],
  run: async ({ addresses, options }) => {
    const format = formatOption(options);
    const range = { from: dayOption(options, 'from'), to: dayOption(options, 'to') };
    const { tariff, faults, warnings } = readTariff(options);
    const notes = warnings.map((warning) => `warning: ${faultLine(warning)}`);
    if (tariff === undefined) {
      const json = { faults, warnings };
      const lines = [...notes, ...faults.map(faultLine), 'nothing was rated'].join('\n');
      return { hasFindings: true, json, text: format === 'json' ? toJsonText(json) : lines };
    }
    const cpoId = textOption(options, 'cpo') ?? addresses.cpoId;
    const replaces = textOption(options, 'replaces');
    const asked = { cpoId, replaces, ...range, locationId: textOption(options, 'location') };
    const startedMs = Date.now();
    const log = await askLog(await reachableKafka(addresses), { ...asked, tariff });
    if (log.replacesNothing) {
      throw new UsageFault(`--replaces: no tariff ${replaces} of ${cpoId} was ever published`);
    }
    const { unreadable } = log;
    const report = whatIfReport(log.answers);
    const seconds = (Date.now() - startedMs) / 1_000;
    const sessions = report.totals.reduce(
      (sum, one) => sum + one.sessions + one.notPriced + one.withheld + one.notBilled,
      0,
    );
    const json = {
      ...asked,
      tariffId: tariff.id,
      sessions,
      seconds,
      ...report,
      unreadable,
      warnings,
    };
    const table = (): string =>
      [
        ...notes,
        whatIfTable(report),
        ...unreadable.map((place) => `cannot be read, and may be of the range: ${place}`),
        '',
        `${sessions} sessions asked; ${seconds.toFixed(1)} s; nothing was written`,
      ].join('\n');
    return {
      hasFindings:
        report.notPriced.length > 0 ||
        unreadable.length > 0 ||
        report.withheld.some(({ reason }) => reason === logUnsound),
      json,
      text: format === 'json' ? toJsonText(json) : format === 'csv' ? whatIfCsv(report) : table(),
    };
  },
};
