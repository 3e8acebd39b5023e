import { aims, judge, type Claim } from './aims';
import type { BenchmarkResult } from './contest';
import { pageOf } from './page';

const measured: BenchmarkResult = {
  id: 'booking-batch',
  title: 'Booking',
  about: 'entries',
  rounds: 3,
  contenders: [
    {
      name: 'ledger',
      role: 'ours',
      about: 'ours',
      perSecond: { entries: { median: 20_000, min: 1, max: 2, rounds: [1] } },
      latencyMs: {
        committed: { p50: 1, p99: 7, samples: 9, p50Rounds: [1], p99Rounds: [7] },
      },
    },
  ],
  ratios: [
    {
      ours: 'ledger',
      against: 'COPY, batches of 10,000',
      series: 'entries',
      measure: 'per-second',
      median: 0.3,
      rounds: [0.3],
    },
  ],
};

const claim: Claim = {
  level: 'must',
  benchmark: 'booking-batch',
  contender: 'ledger',
  series: 'entries',
  measure: 'per-second',
};

describe('a claim', () => {
  it('is met within its bound and missed outside', () => {
    expect(judge({ ...claim, atLeast: 20_000 }, [measured])).toMatchObject({ isMet: true });
    expect(judge({ ...claim, atLeast: 20_001 }, [measured])).toMatchObject({ isMet: false });
    const p99 = { ...claim, series: 'committed', measure: 'p99', atMost: 5 } as const;
    expect(judge(p99, [measured])).toMatchObject({ found: 7, isMet: false });
    const ratio = { ...claim, measure: 'ratio', against: 'COPY, batches of 10,000' } as const;
    expect(judge({ ...ratio, atLeast: 0.25 }, [measured])).toMatchObject({
      found: 0.3,
      isMet: true,
    });
  });

  it('that nothing measures is not met', () => {
    const [unknown] = [{ ...claim, benchmark: 'nothing' }].map((one) => judge(one, [measured]));
    expect(unknown).toMatchObject({ found: undefined, isMet: false });
  });
});

describe('the table of aims', () => {
  it('has its seventeen rows in order, each saying what must hold', () => {
    expect(aims.map(({ row }) => row)).toEqual(Array.from({ length: 17 }, (_, index) => index + 1));
    expect(aims.filter(({ must }) => must === '')).toEqual([]);
  });

  it('gives each claim the bound that its row names', () => {
    const figures = (text: string): number[] =>
      [...text.matchAll(/\d[\d,.]*/g)].map(([digits]) => Number(digits.replaceAll(',', '')));
    for (const aim of aims) {
      for (const { level, measure, atLeast, atMost } of aim.claims) {
        const said = figures(level === 'must' ? aim.must : aim.aim);
        const bound = atLeast ?? atMost ?? Number.NaN;
        // Rates are said in thousands or as multiples of pgledger, ratios in percent, CPU in us.
        const ways = [bound, bound / 1_000, bound / 8_600, bound * 100, bound * 1_000].map((one) =>
          Number(one.toFixed(6)),
        );
        expect({ row: aim.row, measure, isSaid: ways.some((way) => said.includes(way)) }).toEqual({
          row: aim.row,
          measure,
          isSaid: true,
        });
      }
    }
  });

  it('says plainly what is met, what is missed and what nobody has measured', () => {
    const machine = {
      cpu: 'A processor',
      cores: 2,
      memoryGiB: 8,
      node: '20.0.0',
      kafka: '4.1.0',
      postgresql: '18.0',
      fsync: 'on',
      synchronousCommit: 'on',
    };
    const page = pageOf([
      {
        project: 'ledger',
        takenAt: '2026-11-21T10:00:00.000Z',
        commit: 'abc',
        machine,
        benchmarks: [measured],
      },
    ]);
    const rowOf = (row: number) => page.split('\n').find((line) => line.startsWith(`| ${row} |`));
    expect(rowOf(11)).toContain('>= 2x pgledger: **met**');
    expect(rowOf(11)).toContain('>= 4x pgledger: **missed**');
    expect(rowOf(11)).toContain('entries/s 20,000');
    expect(rowOf(1)).toContain('not measured yet');
    expect(rowOf(17)).toContain('**held**');
    expect(page).toContain('A processor, 2 cores');
  });

  it('shows nothing as held while nothing is measured', () => {
    const lines = pageOf([]).split('\n');
    const rows = lines.filter((line) => /^\| \d/.test(line));
    expect(rows).toHaveLength(17);
    expect(rows.filter((line) => !line.endsWith('not measured yet |'))).toEqual([]);
  });
});
