import type { TariffReference } from '@tallywatt/contracts';
import { rate, type RatingReport } from '@tallywatt/tariffs';
import type { PinnedTariff } from './pinned-tariff';
import { ratingInput, type SessionFacts, type StoppedFacts } from './session-facts';

export type ClosedFacts = SessionFacts & Required<Pick<SessionFacts, 'closedAt'>>;

/** What closed facts cost, or why nobody can say: kebab-case, with a sentence for a person. */
export type PricedFacts =
  | Readonly<{ ok: true; facts: StoppedFacts; reference: TariffReference; report: RatingReport }>
  | Readonly<{ ok: false; reason: string; detail: string }>;

/**
 * The price of closed facts under the tariff version that their decision names: of a CDR, and of
 * what a running session would cost if it were closed now. The included energy is what was drawn.
 */
export const pricedFacts = (
  facts: ClosedFacts,
  pinned: PinnedTariff,
  includedEnergyMilliWh?: bigint,
): PricedFacts => {
  const { stop, doubts, started } = facts;
  const reference = started.decision.tariff;
  const [doubt] = doubts;
  if (doubt !== undefined) {
    return refused(doubt.reason, doubts.map(({ detail }) => detail).join('; '));
  }
  if (reference === undefined || pinned.kind === 'none') {
    return refused('tariff-unknown', 'the decision at the start names no tariff');
  }
  const named = `version ${reference.version} of tariff ${reference.tariffId}`;
  if (pinned.contentHash !== reference.contentHash) {
    const found = `${named} is ${pinned.contentHash}, the decision names ${reference.contentHash}`;
    return refused('tariff-hash-differs', found);
  }
  if (pinned.kind === 'unreadable') {
    return refused('tariff-unreadable', `${named}: ${pinned.detail}`);
  }
  if (stop === undefined) return refused('stop-unknown', 'the session was closed without a stop');
  const stopped = { ...facts, stop };
  const rating = rate(ratingInput(stopped, pinned.tariff, includedEnergyMilliWh));
  return rating.ok
    ? { ok: true, facts: stopped, reference, report: rating.report }
    : refused(rating.reason, rating.detail);
};

const refused = (reason: string, detail: string): PricedFacts => ({ ok: false, reason, detail });
