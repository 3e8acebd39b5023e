import {
  sha256Hex,
  type CdrEvent,
  type SessionEvent,
  type SessionStarted,
} from '@tallywatt/contracts';
import { pinnedTariff, progressOf, ratedSession, type RatedSession } from '@tallywatt/derivations';
import { parseTariff, type OcpiTariff } from '@tallywatt/tariffs';
import { sessionOf, tariffPublished } from './billed-session';

/** What a story changes of the session that takes 10 kWh from 10:00 to 11:00 UTC. */
export type StoryChanges = Readonly<{
  started?: Partial<SessionStarted>;
  /** Between the stop and the close. */
  beforeClose?: readonly SessionEvent[];
  afterClose?: readonly SessionEvent[];
}>;

/** All that one session says, in order. */
export const storyOf = (sessionId: string, changes: StoryChanges = {}): readonly SessionEvent[] => {
  const { events } = sessionOf(sessionId);
  return [
    ...events
      .slice(0, -1)
      .map((event) => (event.type === 'SessionStarted' ? { ...event, ...changes.started } : event)),
    ...(changes.beforeClose ?? []),
    ...events.slice(-1),
    ...(changes.afterClose ?? []),
  ];
};

export const startOf = (story: readonly SessionEvent[]): SessionStarted => {
  const [first] = story;
  if (first?.type !== 'SessionStarted') throw new Error('a story begins with its start');
  return first;
};

const pinnedText = tariffPublished.ocpiTariffJson;

/** The CDRs that follow from a story, by default under the tariff that is published. */
export const cdrsOf = (
  story: readonly SessionEvent[],
  ocpiTariffJson: string = pinnedText,
): readonly CdrEvent[] => {
  const pinned = pinnedTariff(sha256Hex(ocpiTariffJson), ocpiTariffJson);
  let session: RatedSession = ratedSession.initial;
  return story.flatMap((event) => {
    const progress = progressOf(session, event, () => pinned);
    session = progress.session;
    return progress.cdrs;
  });
};

/** A tariff document of these elements. */
export const tariffJson = (
  components: readonly Readonly<{ type: string; price: number }>[],
  currency = 'EUR',
): string =>
  JSON.stringify({
    id: 'other',
    currency,
    elements: [{ price_components: components.map((one) => ({ ...one, vat: 19, step_size: 1 })) }],
    last_updated: '2026-01-01T00:00:00Z',
  });

export const tariffOf = (ocpiTariffJson: string): OcpiTariff => {
  const parsed = parseTariff(JSON.parse(ocpiTariffJson));
  if (!parsed.ok) throw new Error(parsed.faults.map(({ message }) => message).join());
  return parsed.tariff;
};

/** The story as a decision would have it that names this tariff. */
export const pinnedTo = (story: readonly SessionEvent[], ocpiTariffJson: string): SessionEvent[] =>
  story.map((event) =>
    event.type === 'SessionStarted' && event.decision.tariff !== undefined
      ? {
          ...event,
          decision: {
            ...event.decision,
            tariff: { ...event.decision.tariff, contentHash: sha256Hex(ocpiTariffJson) },
          },
        }
      : event,
  );
