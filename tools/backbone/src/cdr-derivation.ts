import {
  sha256Hex,
  type AllowanceEvent,
  type CdrEvent,
  type EventMetadata,
  type RecordedEvent,
  type SessionEvent,
  type TariffPublished,
  type TariffReference,
} from '@tallywatt/contracts';
import {
  advance,
  cdrContentHashes,
  pinnedTariff,
  ratedSession,
  type Advance,
  type PinnedTariff,
  type RatedSession,
} from '@tallywatt/derivations';

/** A CDR, or its refusal, as it follows from a session, and the event it follows from. */
export type DerivedCdr = Readonly<{
  cdr: CdrEvent;
  /** Under each of which the log may hold it. */
  contentHashes: readonly string[];
  cause: EventMetadata;
}>;

/** A decision names a tariff version that no record publishes. */
export class TariffMissing extends Error {
  constructor(cpoId: string, { tariffId, version }: TariffReference) {
    super(`no record publishes version ${version} of tariff ${tariffId} of ${cpoId}`);
    this.name = 'TariffMissing';
  }
}

const keyOf = (cpoId: string, { tariffId, version }: TariffReference): string =>
  `${cpoId}/${version}/${tariffId}`;

/** A session as far as it could be followed, and the facts that wait for a draw. */
type FollowedSession = Readonly<{
  session: RatedSession;
  waiting: readonly RecordedEvent<SessionEvent>[];
}>;

/** Tariff versions as published, draws as told, and CDRs as they follow from them. */
export class CdrDerivation {
  private readonly tariffs = new Map<string, PinnedTariff>();
  private readonly sessions = new Map<string, FollowedSession>();
  /** By CPO id, session id and energy revision. */
  private readonly draws = new Map<string, bigint>();

  /** @returns what is wrong with the version, if its text has another hash than its name says. */
  takeTariff(event: TariffPublished): string | undefined {
    const { cpoId, tariff, ocpiTariffJson } = event;
    const contentHash = sha256Hex(ocpiTariffJson);
    this.tariffs.set(keyOf(cpoId, tariff), pinnedTariff(contentHash, ocpiTariffJson));
    return contentHash === tariff.contentHash
      ? undefined
      : `the tariff's text has the hash ${contentHash}, not ${tariff.contentHash}`;
  }

  /**
   * A fact that needs a draw waits for it, and what follows from it comes with the draw.
   *
   * @throws when the session cannot be followed: it has not started, or its tariff is missing.
   */
  takeSession(recorded: RecordedEvent<SessionEvent>): DerivedCdr[] {
    const key = sessionKey(recorded.event);
    const { session, waiting } = this.sessions.get(key) ?? {
      session: ratedSession.initial,
      waiting: [],
    };
    return this.follow(key, session, [...waiting, recorded]);
  }

  /** @throws as `takeSession` does, of facts that have waited for the draw. */
  takeDraw(event: AllowanceEvent): DerivedCdr[] {
    const key = sessionKey(event);
    this.draws.set(`${key}/${event.energyRevision}`, event.sessionDrawnMilliWh);
    const followed = this.sessions.get(key);
    return followed === undefined ? [] : this.follow(key, followed.session, followed.waiting);
  }

  private follow(
    key: string,
    before: RatedSession,
    facts: readonly RecordedEvent<SessionEvent>[],
  ): DerivedCdr[] {
    const [cpoId = ''] = key.split('/');
    const { session, steps, waiting }: Advance<RecordedEvent<SessionEvent>> = advance(
      before,
      facts,
      (reference) => {
        const found = this.tariffs.get(keyOf(cpoId, reference));
        if (found === undefined) throw new TariffMissing(cpoId, reference);
        return found;
      },
      ({ energyRevision }) => this.draws.get(`${key}/${energyRevision}`),
    );
    this.sessions.set(key, { session, waiting });
    return steps.flatMap(({ fact, cdrs }) =>
      cdrs.map((cdr) => ({
        cdr,
        contentHashes: cdrContentHashes(cdr),
        cause: fact.metadata,
      })),
    );
  }
}

const sessionKey = ({ cpoId, sessionId }: { cpoId: string; sessionId: string }): string =>
  `${cpoId}/${sessionId}`;
