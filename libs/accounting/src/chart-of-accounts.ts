/** What an account stands for; decides on which side its balance normally lies. */
export type AccountKind = 'asset' | 'liability' | 'revenue' | 'contra-revenue' | 'expense';

export type Account = Readonly<{ path: string; code: string; kind: AccountKind; about: string }>;

const account = (code: string, path: string, kind: AccountKind, about: string): Account => ({
  code,
  path,
  kind,
  about,
});

/** The chart every book starts with. Tax accounts are made per jurisdiction, see `taxAccount`. */
export const defaultChart: readonly Account[] = [
  account('1000', 'assets:bank:operating', 'asset', 'money that arrived at the bank'),
  account('1100', 'assets:processor:stripe:pending', 'asset', 'captured, not yet available'),
  account('1110', 'assets:processor:stripe:available', 'asset', 'available for payout'),
  account('1120', 'assets:processor:stripe:in-transit', 'asset', 'on its way to the bank'),
  account('1200', 'assets:receivable:driver', 'asset', 'billed, payment under way'),
  account('1210', 'assets:receivable:uncollected', 'asset', 'owed, covered by no hold'),
  account(
    '1220',
    'assets:receivable:roaming',
    'asset',
    'owed by home networks, one below for each',
  ),
  account(
    '1230',
    'assets:receivable:fleet:unbilled',
    'asset',
    'sessions and fees of fleets, not on an invoice yet, one below for each',
  ),
  account('1900', 'assets:suspense', 'asset', 'facts no rule knows; must be explained'),
  account('4000', 'revenue:charging:energy', 'revenue', 'energy sold'),
  account('4010', 'revenue:charging:time', 'revenue', 'charging time sold'),
  account('4020', 'revenue:charging:idle', 'revenue', 'idle time billed'),
  account('4030', 'revenue:charging:session-fee', 'revenue', 'flat fees'),
  account('4090', 'revenue:charging:price-limit', 'revenue', 'minimum price top-ups and caps'),
  account('4200', 'revenue:roaming', 'revenue', 'sessions billed to home networks'),
  account('4300', 'revenue:fleet', 'revenue', 'sessions and plans billed to fleets'),
  account('4900', 'revenue:contra:discount', 'contra-revenue', 'membership discounts'),
  account('4910', 'revenue:contra:refund', 'contra-revenue', 'refunds, net of tax'),
  account('5000', 'expenses:fees:processing', 'expense', "the processor's fees"),
];

/** Where output tax is owed: one account per jurisdiction, as `liabilities:tax:vat:de`. */
export const taxAccount = (jurisdiction: string): string => `liabilities:tax:vat:${jurisdiction}`;

/**
 * What a home network owes, by OCPI country code and party id: `assets:receivable:roaming:nlabc`.
 */
export const roamingAccount = (partyId: string): string =>
  `assets:receivable:roaming:${partyId.toLowerCase()}`;

/** What a fleet has charged and no invoice says yet: one account per fleet reference. */
export const unbilledFleetAccount = (fleetRef: string): string =>
  `assets:receivable:fleet:unbilled:${fleetRef.toLowerCase()}`;

const debtorPattern =
  /^assets:receivable:(?:roaming:[a-z]{2}[a-z0-9]{3}|fleet:unbilled:[a-z0-9-]+)$/;
const taxPattern = /^liabilities:tax:vat:[a-z0-9-]+$/;
const kinds = new Map(defaultChart.map(({ path, kind }) => [path, kind]));

/** The kind of an account, or undefined when the chart does not have it. */
export const accountKind = (path: string): AccountKind | undefined =>
  kinds.get(path) ??
  (taxPattern.test(path) ? 'liability' : debtorPattern.test(path) ? 'asset' : undefined);
