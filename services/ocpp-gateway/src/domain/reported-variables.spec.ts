import { reportedCharsMax, reportPieces } from './reported-variables';

const variable = (name: string, value: string) => ({ name, attributeType: 'Actual', value });

describe('the variables of a report', () => {
  it('are one piece where they fit', () => {
    const few = [variable('A.B', '1'), variable('A.C', '2')];
    expect(reportPieces(few)).toEqual([few]);
    expect(reportPieces([])).toEqual([[]]);
  });

  it('are shared out in their order, none lost and no piece too large', () => {
    const many = Array.from({ length: 4_000 }, (_, n) =>
      variable(`Component.Variable${n}`, '"'.repeat(n % 200)),
    );
    const pieces = reportPieces(many);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.flat()).toEqual(many);
    for (const piece of pieces) {
      expect(JSON.stringify(piece).length).toBeLessThanOrEqual(reportedCharsMax + 1);
    }
  });
});
