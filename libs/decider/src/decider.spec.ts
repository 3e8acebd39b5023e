import type { Decider, Decision } from './index';
import { accept, fold, ignore, refuse, unreachable } from './index';

type Lamp = 'on' | 'off';
type Pressed = Readonly<{ type: 'SwitchedOn' }> | Readonly<{ type: 'SwitchedOff' }>;

const lamp: Decider<Lamp, Lamp, Pressed> = {
  initial: 'off',
  decide: (wanted, state): Decision<Pressed> => {
    if (wanted === state) return ignore('already-there');
    return accept({ type: wanted === 'on' ? 'SwitchedOn' : 'SwitchedOff' });
  },
  evolve: (_state, event) => (event.type === 'SwitchedOn' ? 'on' : 'off'),
};

describe('decisions', () => {
  it('carry the events of an accepted command in order', () =>
    expect(accept(1, 2)).toEqual({ kind: 'accepted', events: [1, 2] }));

  it('leave out a detail nobody gave', () => {
    expect(refuse('no-tariff')).toEqual({ kind: 'refused', reason: 'no-tariff' });
    expect(refuse('no-tariff', 'why')).toHaveProperty('detail', 'why');
  });

  it('say why a command changes nothing', () =>
    expect(lamp.decide('off', lamp.initial)).toEqual({ kind: 'ignored', reason: 'already-there' }));
});

describe('fold', () => {
  it('applies events oldest first', () =>
    expect(fold(lamp, [{ type: 'SwitchedOn' }, { type: 'SwitchedOff' }])).toBe('off'));

  it('continues from a given state', () => expect(fold(lamp, [], 'on')).toBe('on'));
});

describe('unreachable', () => {
  it('names the value that lied about its type, bigint included', () =>
    expect(() => unreachable({ amountMinor: 5n } as never)).toThrow('{"amountMinor":"5"}'));
});
