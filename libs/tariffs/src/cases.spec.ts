import { rate } from './index';
import { caseNames, expectedOf, inputOf, publicReport, whyOf } from './testing/price-cases';

describe('price cases', () => {
  it('cover all 33 worked examples of OCPI 2.2.1', () =>
    expect(caseNames.filter((name) => name.startsWith('ocpi-'))).toHaveLength(33));

  it.each(caseNames)('%s', (name) => {
    const { source: _, ...expected } = expectedOf(name);
    const input = inputOf(name);
    const result = rate(input);
    expect(
      result.ok ? publicReport(result.report, input) : { refused: result.reason },
    ).toMatchObject(expected);
  });

  it.each(caseNames)('%s says why it exists, and where its figures come from', (name) => {
    expect(whyOf(name).length).toBeGreaterThan(40);
    expect(expectedOf(name).source).toMatch(/^(OCPI 2\.2\.1|Tallywatt)/);
  });
});
