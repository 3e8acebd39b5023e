import { encodeEvent, type CdrIssued, type SessionEvent } from '@tallywatt/contracts';
import fc from 'fast-check';
import { ratedSession, type RatedSession } from './rated-session';
import { advance, type Draws } from './session-progress';
import {
  allDecided,
  closed,
  corrected,
  decided,
  drawing,
  flatEnergy,
  given,
  quarantined,
  reading,
  released,
  started,
  stopped,
} from './testing/charging-story';

const kWh = 1_000_000n;
const history = [started({ decision: drawing }), stopped, closed()];
const withDrawn = (energyMilliWh: bigint) => ({
  ...flatEnergy,
  includedEnergyMilliWh: energyMilliWh,
});
const pinned = () => flatEnergy.pinned;

describe('a session that draws included energy', () => {
  it('has no price before its draw', () => {
    given(...history)
      .when(flatEnergy)
      .thenIgnored('draw-awaited');
  });

  it('is billed for the rest, and its CDR says what is included', () => {
    const cdr = decided(withDrawn(10n * kWh), ...history) as CdrIssued;
    // 12 kWh x 0.50 = 6.00, of it 10 kWh x 0.50 included; 19 % of 1.00 is 0.19
    expect(cdr).toMatchObject({
      energyMilliWh: 12n * kWh,
      totalExclTaxMinor: 100n,
      totalInclTaxMinor: 119n,
      lines: [
        { dimension: 'ENERGY', amountMinor: 600n },
        {
          dimension: 'DISCOUNT',
          quantity: '10',
          amountMinor: -500n,
          explanation: '10 kWh are included for member.',
        },
      ],
    });
  });

  it('is billed whole when nothing was left', () =>
    expect(decided(withDrawn(0n), ...history)).toMatchObject({ totalExclTaxMinor: 600n }));

  it('is credited and billed anew with what it has after a correction', () => {
    const first = decided(withDrawn(10n * kWh), ...history);
    const late = [...history, first, corrected(1_008_000_000n)];
    const [credit, second] = allDecided(withDrawn(8n * kWh), ...late);
    expect(credit).toMatchObject({ totalExclTaxMinor: -100n });
    expect(second).toMatchObject({ energyMilliWh: 8n * kWh, totalExclTaxMinor: 0n });
  });
});

// Each correction settles the energy anew: 12, 10, 11 and 8 kWh.
const facts = [
  ...history,
  reading('2026-06-01T13:50:00.000Z', 1_003_000_000n),
  corrected(1_010_000_000n),
  quarantined('meter-jumped'),
  corrected(1_011_000_000n),
  released('meter-jumped'),
  corrected(1_008_000_000n),
].map((event: SessionEvent) => ({ event }));
const drawn = [10n, 9n, 10n, 8n].map((energyKWh) => energyKWh * kWh);

/** Facts and draws come in any order between them; what comes of it is told in the order of facts. */
const take = (order: readonly ('fact' | 'draw')[]) => {
  let session: RatedSession = ratedSession.initial;
  let waiting: typeof facts = [];
  const known = new Map<number, bigint>();
  const draws: Draws = ({ energyRevision }) => known.get(energyRevision);
  const cdrs: string[] = [];
  const [nextFacts, nextDraws] = [[...facts], [...drawn.entries()]];
  for (const what of order) {
    const fact = what === 'fact' ? nextFacts.shift() : undefined;
    const draw = what === 'draw' ? nextDraws.shift() : undefined;
    if (draw !== undefined) known.set(draw[0] + 1, draw[1]);
    const taken = fact === undefined ? waiting : [...waiting, fact];
    const next = advance(session, taken, pinned, draws);
    session = next.session;
    waiting = [...next.waiting];
    cdrs.push(
      ...next.steps.flatMap((step) => step.cdrs.map((cdr) => encodeEvent(cdr).contentHash)),
    );
  }
  return { cdrs, waiting };
};

describe('facts and draws of one session', () => {
  const factsFirst = [...facts.map(() => 'fact' as const), ...drawn.map(() => 'draw' as const)];

  it('lead to the same CDRs in whatever order the two arrive', () => {
    const expected = take(factsFirst.toReversed());
    // One CDR, three corrections of it, and that one was held back.
    expect(expected.cdrs).toHaveLength(8);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(factsFirst, {
          minLength: factsFirst.length,
          maxLength: factsFirst.length,
        }),
        (order) => expect(take(order)).toEqual({ cdrs: expected.cdrs, waiting: [] }),
      ),
    );
  });

  it('wait whole from the first that lacks its draw', () => {
    const { cdrs, waiting } = take(factsFirst.slice(0, facts.length));
    expect(cdrs).toEqual([]);
    expect(waiting.map(({ event }) => event.type)).toEqual(
      facts.slice(2).map(({ event }) => event.type),
    );
  });
});
