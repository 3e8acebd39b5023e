import { chargePointSchema, decodeChargePoint } from './charge-point-schema';

const request = {
  id: 'CP-1',
  locationId: 'L-1',
  timeZone: 'Europe/Berlin',
  currency: 'EUR',
  taxRatePercent: '7.70' as number | string,
  tariffId: 'T-1',
  connectors: [
    { id: 2, powerKwMax: 22.08 },
    { id: 1, powerKwMax: 0.1 },
  ],
  securityProfile: 0 as const,
};
const decoded = (other: object = {}) =>
  decodeChargePoint('cpo', chargePointSchema.parse({ ...request, ...other }));

describe('a registration', () => {
  it('has exact watts and an exact tax rate', () =>
    expect(decoded()).toMatchObject({
      cpoId: 'cpo',
      taxRatePercent: '7.7',
      connectors: [
        { id: 1, powerWMax: 100n },
        { id: 2, powerWMax: 22_080n },
      ],
    }));

  it.each([19, 19.0, '19', '19.000'])('knows %p as one rate', (taxRatePercent) =>
    expect(decoded({ taxRatePercent }).taxRatePercent).toBe('19'),
  );

  it('leaves an unknown tax rate unknown', () => {
    const { taxRatePercent: _, ...rest } = request;
    expect(decodeChargePoint('cpo', chargePointSchema.parse(rest))).not.toHaveProperty(
      'taxRatePercent',
    );
  });

  it('takes groups as names, sorted, each once, and none when nothing is said', () => {
    const connectors = [{ id: 1, powerKwMax: 50, evseGroups: ['fast', 'dc', 'fast'] }];
    expect(decoded({ siteGroups: ['Süd 2', 'depots'], connectors })).toMatchObject({
      siteGroups: ['Süd 2', 'depots'],
      connectors: [{ evseGroups: ['dc', 'fast'] }],
    });
    expect(decoded()).toMatchObject({ siteGroups: [], connectors: [{ evseGroups: [] }, {}] });
  });

  it('may leave out a password that is stored: nobody but the charger knows a generated one', () =>
    expect(chargePointSchema.safeParse({ ...request, securityProfile: 1 }).success).toBe(true));

  it.each([
    { siteGroups: [''] },
    { siteGroups: [' depots'] },
    { siteGroups: ['a\nb'] },
    { siteGroups: ['a\0b'] },
    { siteGroups: ['x'.repeat(65)] },
    { siteGroups: 'depots' },
    { connectors: [{ id: 1, powerKwMax: 50, evseGroups: [7] }] },
    { id: 'a/b' },
    { currency: 'EURO' },
    { timeZone: 'CET+1' },
    { taxRatePercent: 100.5 },
    { taxRatePercent: '1e1' },
    { connectors: [] },
    { connectors: [{ id: 1, powerKwMax: 0.0001 }] },
    { connectors: [request.connectors[0], request.connectors[0]] },
    { securityProfile: 4 },
    { securityProfile: 3, password: 'p'.repeat(16) },
    { securityProfile: 3, certificateFingerprint: 'abc' },
    { certificateName: 'SN-1' },
    { id: '..' },
    { password: 'p'.repeat(16) },
    { surprise: 1 },
  ])('refuses %p', (other) =>
    expect(chargePointSchema.safeParse({ ...request, ...other }).success).toBe(false),
  );
});
