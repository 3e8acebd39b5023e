import {
  canonicalJson,
  sha256Hex,
  type PricingRuleSet,
  type TariffEvent,
  type TariffPublished,
} from '@tallywatt/contracts';
import { nextVersion, type TariffDocument } from '@tallywatt/derivations';
import { tariffPublished } from './testing/billed-session';
import { TariffDerivation } from './tariff-derivation';

const rule: PricingRuleSet = {
  type: 'PricingRuleSet',
  cpoId: tariffPublished.cpoId,
  ruleId: 'peak',
  revision: 1n,
  base: tariffPublished.tariff,
  locationIds: ['LOC-1'],
  steps: [
    {
      utilisationPercent: { from: 50 },
      daysOfWeek: [],
      adjustments: [{ dimension: 'ENERGY', percent: { unscaled: 20n, scale: 0 } }],
    },
  ],
  bounds: [
    {
      dimension: 'ENERGY',
      lowest: { unscaled: 4n, scale: 1 },
      highest: { unscaled: 1n, scale: 0 },
    },
  ],
  dwellMinutes: 15,
  setBy: 'operator-1',
  setAt: '2026-11-20T09:00:00.000Z',
};

/** The version that the rule makes when two of four connectors are in session. */
const adjusted = (): TariffPublished => {
  const document = JSON.parse(tariffPublished.ocpiTariffJson) as TariffDocument;
  const { publishedAt } = tariffPublished;
  const observation = {
    observedAt: '2026-11-20T10:00:00.000Z',
    timeZone: 'Europe/Berlin',
    connectors: 4,
    connectorsInSession: 2,
    sessionsStartedInHour: 2,
  };
  const latest = { version: 1n, document, publishedAt };
  const decision = nextVersion(rule, document, latest, observation);
  const next = decision.kind === 'accepted' ? decision.events[0] : undefined;
  if (next === undefined) throw new Error('the rule publishes nothing');
  const ocpiTariffJson = canonicalJson(next.document);
  return {
    ...tariffPublished,
    tariff: { ...tariffPublished.tariff, version: 2n, contentHash: sha256Hex(ocpiTariffJson) },
    ocpiTariffJson,
    publishedAt: observation.observedAt,
    adjustedBy: next.adjustedBy,
  };
};

const faultsOf = (...events: readonly TariffEvent[]): readonly string[] => {
  const derivation = new TariffDerivation();
  return events.flatMap((event) => derivation.take(event) ?? []);
};

describe('a version that a rule made', () => {
  it('follows from the rule, its base and what was observed', () => {
    expect(adjusted().ocpiTariffJson).toContain('"price":0.54');
    expect(faultsOf(tariffPublished, rule, adjusted())).toEqual([]);
  });

  it('is found out with another price, or another observation', () => {
    const version = adjusted();
    const dearer = version.ocpiTariffJson.replace('0.54', '0.55');
    expect(faultsOf(tariffPublished, rule, { ...version, ocpiTariffJson: dearer })).toEqual([
      expect.stringContaining('rule peak yields another version: {"currency"'),
    ]);
    const { adjustedBy } = version;
    if (adjustedBy === undefined) throw new Error('a rule made it');
    const observation = { ...adjustedBy.observation, connectorsInSession: 1 };
    expect(
      faultsOf(tariffPublished, rule, { ...version, adjustedBy: { ...adjustedBy, observation } }),
    ).toEqual(['rule peak publishes nothing: prices-unchanged']);
  });

  it('is found out without its rule, its base, or after a person has published', () => {
    const notSet = 'revision 1 of rule peak is not what was set then';
    expect(faultsOf(tariffPublished, adjusted())).toEqual([notSet]);
    expect(faultsOf(tariffPublished, { ...rule, revision: 2n }, adjusted())).toEqual([notSet]);
    expect(faultsOf(rule, adjusted())).toEqual([
      expect.stringContaining('no person published version 1'),
    ]);
    const again = { ...tariffPublished, tariff: { ...tariffPublished.tariff, version: 2n } };
    expect(faultsOf(tariffPublished, rule, again, adjusted())).toEqual([
      'rule peak publishes nothing: base-superseded',
    ]);
  });
});
