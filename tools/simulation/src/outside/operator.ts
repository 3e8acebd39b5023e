import type { CorrectStop, ReleaseSession } from '@tallywatt/ocpp-gateway/domain/session-review';
import { instantFromEpochMs, parseInstant } from '@tallywatt/time';
import { dayMs, hourMs, secondMs, type World } from '../ground/world';
import type { Gateway } from '../stages/gateway';

const kinds = ['down', 'up', 'zero', 'earlier', 'as-it-was', 'release', 'release-one'] as const;
type Kind = (typeof kinds)[number];

type Draw = Readonly<{ choice: number; share: number; isReleasing: boolean }>;

/** A person who corrects stops and releases sessions, rightly or not, sometimes one several times. */
export class Operator {
  constructor(
    private readonly world: World,
    private readonly gateway: Gateway,
  ) {}

  start(): void {
    const { chance, clock } = this.world;
    for (let count = chance.pick([0, 2, 5, 9]); count > 0; count -= 1) {
      const kind = chance.pick(kinds);
      const draw = {
        // Few numbers, so that one session is often looked at again.
        choice: chance.integer(0, 3),
        share: chance.integer(5, 95),
        isReleasing: chance.happens(0.7),
      };
      const atMs = chance.spread(hourMs, 5 * dayMs);
      const times = chance.pick([1, 1, 2]);
      for (let time = 0; time < times; time += 1) {
        clock.after(atMs + time * chance.spread(secondMs, hourMs), () => this.look(kind, draw));
      }
    }
  }

  private look(kind: Kind, draw: Draw): void {
    const over = this.gateway.tables.sessions
      .values()
      .filter(({ state }) => state.status === 'stopped' || state.status === 'closed');
    const session = over[draw.choice % Math.max(over.length, 1)];
    if (session === undefined) return;
    this.world.trace('operator', () => `reviews ${session.sessionId}: ${kind}`);
    this.gateway.review(session.sessionId, this.commandsOf(kind, session.state, draw));
  }

  private commandsOf(
    kind: Kind,
    state: ReturnType<Gateway['tables']['sessions']['values']>[number]['state'],
    { share, isReleasing }: Draw,
  ): readonly (CorrectStop | ReleaseSession)[] {
    if (state.status !== 'stopped' && state.status !== 'closed') return [];
    const { startedAt, meterStartMilliWh, quarantineReasons, stop } = state;
    const doubts = kind === 'release-one' ? quarantineReasons.slice(0, 1) : quarantineReasons;
    if (kind === 'release' || kind === 'release-one') {
      return doubts.map((reason) => ({ type: 'ReleaseSession', reason, detail: 'looked at' }));
    }
    const parts = BigInt(share);
    const startMs = parseInstant(startedAt);
    const lengthMs = Math.max(parseInstant(stop.stoppedAt) - startMs, 0);
    const sharedMs = Math.floor((lengthMs * share) / 100);
    const said = stop.meterStopMilliWh - meterStartMilliWh;
    // Where a meter ran backwards or jumped, what an honest one could have shown.
    const usedMilliWh = said < 0n || said > 200_000_000n ? 10_000_000n : said;
    const registers: Record<Exclude<Kind, 'release' | 'release-one'>, bigint> = {
      down: (usedMilliWh * parts) / 100n,
      up: usedMilliWh + parts * 500_000n,
      zero: 0n,
      earlier: (usedMilliWh * parts) / 100n,
      'as-it-was': usedMilliWh,
    };
    const atMs =
      kind === 'zero'
        ? startMs
        : startMs + (kind === 'earlier' ? sharedMs - (sharedMs % secondMs) : lengthMs);
    return [
      {
        type: 'CorrectStop',
        now: this.world.clock.now,
        stoppedAt: instantFromEpochMs(atMs),
        meterStopMilliWh: meterStartMilliWh + registers[kind],
        correctedBy: 'operator',
        reason: kind,
        releases: isReleasing ? quarantineReasons : [],
      },
    ];
  }
}
