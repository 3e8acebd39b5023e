import {
  encodeEvent,
  sha256Hex,
  type CdrEvent,
  type EventMetadata,
  type RecordedEvent,
  type SessionEvent,
  type TariffPublished,
  type TariffReference,
} from '@tallywatt/contracts';
import {
  pinnedTariff,
  progressOf,
  ratedSession,
  type PinnedTariff,
  type RatedSession,
} from '@tallywatt/derivations';

/** A CDR, or its refusal, as it follows from a session, and the event it follows from. */
export type DerivedCdr = Readonly<{ cdr: CdrEvent; contentHash: string; cause: EventMetadata }>;

/** A decision names a tariff version that no record publishes. */
export class TariffMissing extends Error {
  constructor(cpoId: string, { tariffId, version }: TariffReference) {
    super(`no record publishes version ${version} of tariff ${tariffId} of ${cpoId}`);
    this.name = 'TariffMissing';
  }
}

const keyOf = (cpoId: string, { tariffId, version }: TariffReference): string =>
  `${cpoId}/${version}/${tariffId}`;

/** Tariff versions as published, and CDRs as they follow from them. */
export class CdrDerivation {
  private readonly tariffs = new Map<string, PinnedTariff>();
  private readonly sessions = new Map<string, RatedSession>();

  /** @returns what is wrong with the version, if its text has another hash than its name says. */
  takeTariff(event: TariffPublished): string | undefined {
    const { cpoId, tariff, ocpiTariffJson } = event;
    const contentHash = sha256Hex(ocpiTariffJson);
    this.tariffs.set(keyOf(cpoId, tariff), pinnedTariff(contentHash, ocpiTariffJson));
    return contentHash === tariff.contentHash
      ? undefined
      : `the tariff's text has the hash ${contentHash}, not ${tariff.contentHash}`;
  }

  /** @throws when the session cannot be followed: it has not started, or its tariff is missing. */
  takeSession({ event, metadata }: RecordedEvent<SessionEvent>): DerivedCdr[] {
    const key = `${event.cpoId}/${event.sessionId}`;
    const { session, cdrs } = progressOf(
      this.sessions.get(key) ?? ratedSession.initial,
      event,
      (reference) => {
        const found = this.tariffs.get(keyOf(event.cpoId, reference));
        if (found === undefined) throw new TariffMissing(event.cpoId, reference);
        return found;
      },
    );
    this.sessions.set(key, session);
    return cdrs.map((cdr) => ({
      cdr,
      contentHash: encodeEvent(cdr).contentHash,
      cause: metadata,
    }));
  }
}
