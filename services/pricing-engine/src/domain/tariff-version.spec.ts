import { sha256Hex, type TariffAdjustment, type TariffPublished } from '@tallywatt/contracts';
import { fold } from '@tallywatt/decider';
import { parseTariff } from '@tallywatt/tariffs';
import { specification } from '@tallywatt/testing';
import { tariffVersion, type PublishTariff } from './tariff-version';

const document = (price: number, more: object = {}) => ({
  id: 'ac',
  currency: 'EUR',
  elements: [{ price_components: [{ type: 'ENERGY', price, vat: 19, step_size: 1 }] }],
  ...more,
});
const publish = (
  json: ReturnType<typeof document>,
  now = '2026-11-21T10:00:00.000Z',
): PublishTariff => {
  const parsed = parseTariff(json);
  if (!parsed.ok) throw new Error('the example is no tariff');
  return { type: 'PublishTariff', cpoId: 'default', document: json, tariff: parsed.tariff, now };
};
const published = (command: PublishTariff, ...history: TariffPublished[]): TariffPublished => {
  const decision = tariffVersion.decide(command, fold(tariffVersion, history));
  if (decision.kind !== 'accepted') throw new Error(decision.kind);
  return decision.events[0] as TariffPublished;
};
const given = (...history: TariffPublished[]) => specification(tariffVersion).given(...history);

const first = published(publish(document(0.5)));

describe('a new tariff', () => {
  it('becomes version 1, dated if its author did not, hashed over the text that is published', () => {
    const ocpiTariffJson =
      '{"currency":"EUR","elements":[{"price_components":[{"price":0.5,"step_size":1,' +
      '"type":"ENERGY","vat":19}]}],"id":"ac","last_updated":"2026-11-21T10:00:00.000Z"}';
    given()
      .when(publish(document(0.5)))
      .then({
        type: 'TariffPublished',
        cpoId: 'default',
        tariff: {
          tariffId: 'ac',
          version: 1n,
          contentHash: sha256Hex(ocpiTariffJson),
          billsParkingTime: false,
        },
        currency: 'EUR',
        ocpiTariffJson,
        publishedAt: '2026-11-21T10:00:00.000Z',
      });
  });
});

describe('a published tariff', () => {
  it('does not change when the same content is sent again, in whatever order', () => {
    const { elements, currency, id } = document(0.5);
    given(first)
      .when(publish({ elements, currency, id }, '2026-11-22T10:00:00.000Z'))
      .thenIgnored('content-unchanged');
  });

  it('gets the next version when its content differs', () =>
    expect(published(publish(document(0.6)), first).tariff).toMatchObject({ version: 2n }));

  it('takes a document without last_updated for the one it repeats', () => {
    const dated = published(publish(document(0.5, { last_updated: '2026-11-20T00:00:00Z' })));
    given(dated)
      .when(publish(document(0.5)))
      .thenIgnored('content-unchanged');
    expect(published(publish(document(0.6)), dated).ocpiTariffJson).toContain(
      '"last_updated":"2026-11-21T10:00:00.000Z"',
    );
  });
});

describe('a tariff that a rule has adjusted', () => {
  const adjustedBy: TariffAdjustment = {
    ruleId: 'peak',
    ruleRevision: 1n,
    baseVersion: 1n,
    baseContentHash: first.tariff.contentHash,
    observation: {
      observedAt: '2026-11-21T10:30:00.000Z',
      timeZone: 'Europe/Berlin',
      connectors: 4,
      connectorsInSession: 4,
      sessionsStartedInHour: 2,
    },
    limits: [],
  };
  const adjusted = published({ ...publish(document(0.6)), adjustedBy }, first);

  it('says why, and is numbered like any other', () =>
    expect(adjusted).toMatchObject({ adjustedBy, tariff: { version: 2n } }));

  it('is published anew by a person who says the same', () => {
    const theirs = published(publish(document(0.6)), first, adjusted);
    expect(theirs.tariff).toMatchObject({ version: 3n });
    expect(theirs).not.toHaveProperty('adjustedBy');
  });
});

describe('a withdrawn tariff', () => {
  it('is published again as a new version, even with its old content', () => {
    const state = tariffVersion.evolve(fold(tariffVersion, [first]), {
      type: 'TariffWithdrawn',
      cpoId: 'default',
      tariffId: 'ac',
      lastVersion: 1n,
      withdrawnAt: '2026-11-21T11:00:00.000Z',
    });
    const decision = tariffVersion.decide(publish(document(0.5)), state);
    expect(decision).toMatchObject({ events: [{ tariff: { version: 2n } }] });
  });
});
