import { textOption, UsageFault, type Command, type CommandInput } from './command';
import {
  compareWithLive,
  ledgerTables,
  pricingTables,
  type Comparison,
} from './database-comparison';
import { findingText, type Finding } from './finding';
import { createFreshDatabase, fillLedger, fillPricing, type FreshDatabase } from './fresh-database';
import { reachableKafka } from './log-access';
import { verifyLog, type VerifiedLog } from './log-verification';
import { readTrustedKeys } from './root-verification';

type Databases = Readonly<{ findings: readonly Finding[]; notes: readonly string[] }>;

const refusal = (service: string, error: unknown): Finding => ({
  kind: 'database-refuses',
  subject: service,
  detail: (error as Error).message,
});

/** Fills a database that is made for it, compares it with the live one, and drops it again. */
const rebuildDatabase = async (
  service: 'ledger' | 'pricing-engine',
  superuserUrl: string,
  fill: (fresh: FreshDatabase) => Promise<void>,
  compare: (fresh: FreshDatabase) => Promise<Comparison | undefined>,
): Promise<Databases> => {
  const fresh = await createFreshDatabase(superuserUrl, service);
  try {
    try {
      await fill(fresh);
    } catch (error) {
      return { findings: [refusal(service, error)], notes: [] };
    }
    const compared = await compare(fresh);
    if (compared === undefined) {
      return { findings: [], notes: [`${service}: rebuilt; there is no live database beside it`] };
    }
    const { findings, rows, newer } = compared;
    const later = newer === 0 ? '' : `, ${newer} rows are newer than the read`;
    return {
      findings,
      notes: [`${service}: ${rows} rows compared with the live database${later}`],
    };
  } finally {
    await fresh.drop();
  }
};

const rebuildDatabases = async (
  { addresses }: CommandInput,
  { cdrs, entries, roots, ends }: VerifiedLog,
): Promise<Databases> => {
  const superuserUrl = addresses.superuserUrl();
  const pricing = await rebuildDatabase(
    'pricing-engine',
    superuserUrl,
    (fresh) => fillPricing(fresh, cdrs),
    ({ pool }) =>
      compareWithLive(pool, addresses.databaseUrl('pricing-engine'), pricingTables, ends),
  );
  const ledger = await rebuildDatabase(
    'ledger',
    superuserUrl,
    (fresh) => fillLedger(fresh, entries, roots),
    ({ pool }) => compareWithLive(pool, addresses.databaseUrl('ledger'), ledgerTables, ends),
  );
  return {
    findings: [...pricing.findings, ...ledger.findings],
    notes: [...pricing.notes, ...ledger.notes],
  };
};

const secondsOption = (text: string): number => {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageFault(`--settle-seconds is a whole number of seconds, not '${text}'`);
};

const countsText = ({ counts }: VerifiedLog): string => {
  const { records, events, cdrs, entries, roots, underWay, unsignedRoots } = counts;
  return [
    `${events} events (${records} records), ${cdrs} CDRs, ${entries} entries, ${roots} roots`,
    ...(underWay === 0 ? [] : [`${underWay} derivations under way`]),
    ...(unsignedRoots === 0 ? [] : ['signatures not checked: no --public-key']),
  ].join('; ');
};

export const rebuildCommand: Command = {
  name: 'rebuild',
  synopsis: '--verify [--topics-only] [--public-key <pem>] [--settle-seconds <n>] [--json]',
  about: 'Derives every CDR and journal entry again from the topics, and compares.',
  help: [
    '',
    'Reads all topics once; calls nobody outside. Fills fresh databases and drops them at the end;',
    'compares them with the live ledger and pricing-engine. Prints "identical", or each difference.',
    '  --topics-only          compares with the topics alone; no PostgreSQL is needed',
    '  --public-key <pem>     whose signatures of daily roots to believe (LEDGER_PUBLIC_KEY_FILE);',
    '                         several, after a rotation, separated by commas',
    '  --tax-jurisdiction     as the ledger has it (TAX_JURISDICTION), de if not given',
    '  --settle-seconds <n>   what follows from a younger fact may still be missing; 60 if not given',
  ],
  options: {
    verify: { type: 'boolean' },
    'topics-only': { type: 'boolean' },
    'public-key': { type: 'string' },
    'tax-jurisdiction': { type: 'string' },
    'settle-seconds': { type: 'string' },
  },
  positionals: [0, 0],
  run: async (input) => {
    const { addresses, options, env } = input;
    if (options['verify'] !== true) {
      throw new UsageFault('a rebuild in place is made by the services; say --verify');
    }
    const settleSeconds = secondsOption(textOption(options, 'settle-seconds') ?? '60');
    const keyFile =
      textOption(options, 'public-key') ?? (env['LEDGER_PUBLIC_KEY_FILE'] || undefined);
    const keys = keyFile === undefined ? [] : readTrustedKeys(keyFile);
    const startedMs = Date.now();
    const log = await verifyLog({
      ...(await reachableKafka(addresses)),
      taxJurisdiction: textOption(options, 'tax-jurisdiction') ?? (env['TAX_JURISDICTION'] || 'de'),
      keys,
      settledBeforeMs: startedMs - settleSeconds * 1_000,
    });
    const databases: Databases =
      options['topics-only'] === true
        ? { findings: [], notes: ['topics only: no database was rebuilt'] }
        : await rebuildDatabases(input, log);
    const findings = [...log.findings, ...databases.findings];
    const seconds = (Date.now() - startedMs) / 1_000;
    const identical = findings.length === 0;
    const verdict = identical ? 'identical' : `${findings.length} differences`;
    return {
      hasFindings: !identical,
      json: { identical, seconds, counts: log.counts, notes: databases.notes, findings },
      text: [
        ...findings.map(findingText),
        ...databases.notes,
        `${verdict}: ${countsText(log)}; ${seconds.toFixed(1)} s`,
      ].join('\n'),
    };
  },
};
