import { tariffInForce, type TariffVersion } from './tariff-versions';

const version = (
  number: bigint,
  dates: Omit<TariffVersion, 'reference' | 'currency'> = {},
): TariffVersion => ({
  reference: {
    tariffId: 'standard',
    version: number,
    contentHash: number.toString().repeat(64),
    billsParkingTime: false,
  },
  currency: 'EUR',
  ...dates,
});
const noon = '2026-06-01T12:00:00.000Z';

describe('the tariff version in force', () => {
  it('is none when the tariff is unknown', () => {
    expect(tariffInForce(undefined, noon)).toBeUndefined();
  });

  it('is the newest one, whatever the order of arrival', () => {
    const versions = [version(2n), version(3n), version(1n)];
    expect(tariffInForce({ versions }, noon)?.reference.version).toBe(3n);
  });

  it('is the newest one whose own dates cover the start', () => {
    const versions = [version(1n), version(2n, { validFrom: '2026-06-01T12:00:00.001Z' })];
    expect(tariffInForce({ versions }, noon)?.reference.version).toBe(1n);
  });

  it('starts at its start date and has ended at its end date', () => {
    expect(
      tariffInForce({ versions: [version(1n, { validFrom: noon })] }, noon)?.reference.version,
    ).toBe(1n);
    expect(tariffInForce({ versions: [version(1n, { validUntil: noon })] }, noon)).toBeUndefined();
  });

  it('is none once the tariff was withdrawn, until it is published again', () => {
    const withdrawn = { lastVersion: 1n, withdrawnAt: noon };
    const before = '2026-06-01T11:59:59.999Z';
    expect(tariffInForce({ versions: [version(1n)], withdrawn }, before)?.reference.version).toBe(
      1n,
    );
    expect(tariffInForce({ versions: [version(1n)], withdrawn }, noon)).toBeUndefined();
    const again = [version(1n), version(2n)];
    expect(tariffInForce({ versions: again, withdrawn }, noon)?.reference.version).toBe(2n);
  });
});
