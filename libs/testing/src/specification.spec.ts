import { type Decision, accept, ignore, refuse } from '@tallywatt/decider';
import { specification } from './specification';

type Reading = Readonly<{ type: 'read'; energyWh: bigint }>;

const meter = specification({
  initial: 0n,
  evolve: (_before: bigint, reading: Reading) => reading.energyWh,
  decide: (energyWh: bigint, before: bigint): Decision<Reading> => {
    if (energyWh === before) return ignore('same-reading');
    if (energyWh < before) return refuse('meter-ran-backwards', `from ${before}`);
    return accept({ type: 'read', energyWh });
  },
});
const reading = (energyWh: bigint): Reading => ({ type: 'read', energyWh });

describe('a specification', () => {
  it('folds what was given', () =>
    meter.given(reading(5n), reading(7n)).when(9n).then(reading(9n)));
  it('compares the reason of an ignored command', () =>
    meter.given(reading(5n)).when(5n).thenIgnored('same-reading'));
  it('compares the reason of a refusal, not its detail', () =>
    meter.given(reading(5n)).when(4n).thenRefused('meter-ran-backwards'));

  it('fails on other events, showing bigint', () =>
    expect(() => meter.given().when(9n).then(reading(8n))).toThrow(/energyWh: 8n[^]*energyWh: 9n/));
  it('fails on an event too many or too few', () => {
    expect(() => meter.given().when(9n).then()).toThrow('expected the decision');
    expect(() => meter.given().when(9n).then(reading(9n), reading(9n))).toThrow();
  });
  it('fails on another reason and another outcome', () => {
    const again = meter.given(reading(5n)).when(5n);
    expect(() => again.thenIgnored('other')).toThrow("reason: 'same-reading'");
    expect(() => again.thenRefused('same-reading')).toThrow("kind: 'ignored'");
    expect(() => again.then()).toThrow("kind: 'ignored'");
  });
});
