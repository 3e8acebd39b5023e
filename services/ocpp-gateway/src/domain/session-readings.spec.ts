import type { MeterReading } from '@tallywatt/contracts';
import { readingParts } from './session-readings';

const reading = (minute: number, signedCharacters?: number): MeterReading => ({
  readAt: `2026-11-20T10:${String(minute % 60).padStart(2, '0')}:00.000Z`,
  context: 'Sample.Periodic',
  ...(signedCharacters === undefined
    ? {}
    : { signedValues: [{ sealedData: 's'.repeat(signedCharacters), dataMark: 'mark' }] }),
});
const many = (count: number, signedCharacters?: number): MeterReading[] =>
  Array.from({ length: count }, (_, minute) => reading(minute, signedCharacters));

describe('readings that are shared out among events', () => {
  it('are one part where they fit into it, also when there are none', () => {
    expect(readingParts([])).toEqual([[]]);
    expect(readingParts(many(1_000))).toHaveLength(1);
  });

  it('are a thousand in each part', () =>
    expect(readingParts(many(2_001)).map(({ length }) => length)).toEqual([1_000, 1_000, 1]));

  it('are less where signed values make them large: no event may have 900,000 bytes', () => {
    // 60 readings with an OCMF of 4 kB each, encrypted.
    const readings = many(60, 5_400);
    const parts = readingParts(readings);
    expect(parts.flat()).toEqual(readings);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) expect(JSON.stringify(part).length).toBeLessThan(400_000);
  });

  it('leave one that is large by itself whole', () =>
    expect(readingParts([reading(0), reading(1, 400_000), reading(2)])).toEqual([
      [reading(0)],
      [reading(1, 400_000)],
      [reading(2)],
    ]));
});
