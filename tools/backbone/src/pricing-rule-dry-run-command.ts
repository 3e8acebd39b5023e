import { readFileSync } from 'node:fs';
import type { SessionStarted } from '@tallywatt/contracts';
import {
  checkAgainstBase,
  parsePricingRule,
  replayRule,
  type PricingRuleTerms,
  type RuleReplay,
} from '@tallywatt/derivations';
import { parseTariff, type OcpiTariff, type TariffFault } from '@tallywatt/tariffs';
import {
  formatOption,
  instantOption,
  textOption,
  toJsonText,
  UsageFault,
  type Command,
  type OptionValues,
  type Outcome,
} from './command';
import { ruleGround } from './dry-run-log';
import { replayTable, versionsJson } from './dry-run-formats';
import { reachableKafka } from './log-access';
import { logUnsound } from './session-what-if';
import { whatIfCsv, whatIfTable } from './what-if-formats';
import { askLog } from './what-if-log';
import { whatIfReport } from './what-if-report';

type ReadRule =
  | Readonly<{ ok: true; terms: PricingRuleTerms }>
  | Readonly<{ ok: false; faults: readonly TariffFault[] }>;

const readRule = (options: OptionValues): ReadRule => {
  const file = textOption(options, 'rule');
  if (file === undefined) throw new UsageFault('say --rule <file.json>: the rule to try');
  try {
    return parsePricingRule(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new UsageFault(`${file} cannot be read: ${(error as Error).message}`);
  }
};

const refused = (
  format: string,
  faults: readonly TariffFault[],
  warnings: readonly TariffFault[] = [],
): Outcome => {
  const json = { faults, warnings };
  const lines = [...faults.map(({ path, message }) => `${path}: ${message}`), 'nothing was tried'];
  return {
    hasFindings: true,
    json,
    text: format === 'json' ? toJsonText(json) : lines.join('\n'),
  };
};

/** The tariff that a start would have pinned: of the versions there were when it was decided. */
const tariffAt = (
  base: unknown,
  { versions }: RuleReplay,
): ((start: SessionStarted) => OcpiTariff) => {
  const read = (document: unknown): OcpiTariff => {
    const parsed = parseTariff(document);
    if (parsed.ok) return parsed.tariff;
    const found = parsed.faults.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new Error(`a version of the tariff cannot be read: ${found}`);
  };
  const first = read(base);
  const later = versions.map(({ publishedAt, document }) => ({
    publishedAt,
    tariff: read(document),
  }));
  return ({ decision: { decidedAt } }) =>
    later.findLast(({ publishedAt }) => publishedAt <= decidedAt)?.tariff ?? first;
};

export const pricingRuleDryRunCommand: Command = {
  name: 'pricing-rule dry-run',
  synopsis:
    '--rule <file.json> --from <instant> --to <instant> [--cpo <id>] [--format table|json|csv]',
  about: 'Tries a pricing rule on past days: versions it would have published, and revenue.',
  help: [
    '',
    'Reads the topics alone and writes nothing. The rule is asked each minute from --from (included)',
    'to --to (not included), knowing what was recorded by then, by the functions of the service.',
    'Each session of the tariff that started in the range is then priced by the version that was the',
    'newest when its start was decided, as authorization would have pinned it. Demand is what it was:',
    'how drivers would have responded, nobody knows.',
    '  --rule <file>   as for PUT /v1/pricing-rules; its base version has to be published',
    'Sessions that cannot be priced are named and in neither sum; then the exit code is 1.',
  ],
  options: {
    rule: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    cpo: { type: 'string' },
    format: { type: 'string' },
  },
  positionals: [0, 0],
  run: async ({ addresses, options }) => {
    const format = formatOption(options);
    const [from, to] = [instantOption(options, 'from'), instantOption(options, 'to')];
    if (from >= to) throw new UsageFault('--from has to be before --to');
    const read = readRule(options);
    if (!read.ok) return refused(format, read.faults);
    const cpoId = textOption(options, 'cpo') ?? addresses.cpoId;
    const kafka = await reachableKafka(addresses);
    const ground = await ruleGround(kafka, cpoId, read.terms, from);
    const { faults, warnings } = checkAgainstBase(read.terms, ground.base);
    if (faults.length > 0) return refused(format, faults, warnings);
    const range = { from, to };
    const replay = replayRule(ground.rule, ground.base, ground.facts, range);
    const { answers, unreadable } = await askLog(kafka, {
      cpoId,
      replaces: read.terms.tariffId,
      tariff: tariffAt(ground.base, replay),
      startedWithin: range,
    });
    const report = whatIfReport(answers);
    const unread = [...new Set([...ground.unreadable, ...unreadable])];
    const json = {
      cpoId,
      tariffId: read.terms.tariffId,
      ...range,
      versions: versionsJson(replay),
      minutesUnknown: replay.minutesUnknown,
      ...report,
      unreadable: unread,
      warnings,
    };
    const table = (): string =>
      [
        ...warnings.map(({ path, message }) => `warning: ${path}: ${message}`),
        replayTable(ground.rule, replay),
        '',
        whatIfTable(report),
        ...unread.map((place) => `cannot be read, and may be of the site: ${place}`),
        '',
        'demand is what it was: how drivers would have responded, nobody knows; nothing was written',
      ].join('\n');
    return {
      hasFindings:
        report.notPriced.length > 0 ||
        unread.length > 0 ||
        report.withheld.some(({ reason }) => reason === logUnsound),
      json,
      text: format === 'json' ? toJsonText(json) : format === 'csv' ? whatIfCsv(report) : table(),
    };
  },
};
