import { canonicalJson, derivedId, sha256Hex } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import { clockFault } from './clock';

/**
 * What a StartTransaction.req says. `tokenMark` stands for the idTag: a keyed digest, since a tag is
 * personal and may not be kept.
 */
export type StartWords = Readonly<{
  connectorId: number;
  tokenMark: string;
  meterStartMilliWh: bigint;
  startedAt: Instant;
}>;

/** The same for every resend of one start, whatever its message id. */
export const startFingerprint = (start: StartWords): string =>
  sha256Hex(
    canonicalJson([
      start.connectorId,
      start.tokenMark,
      start.meterStartMilliWh.toString(),
      start.startedAt,
    ]),
  );

/** The id of the n-th session (from 1) that began with this fingerprint on this charge point. */
export const sessionIdOf = (
  cpoId: string,
  chargePointId: string,
  fingerprint: string,
  occurrence: number,
): string => derivedId('session', cpoId, chargePointId, fingerprint, occurrence.toString());

/** The last session that began with the same fingerprint. */
export type KnownStart = Readonly<{
  occurrence: number;
  status: 'active' | 'stopped' | 'closed';
}>;

export type StartRecognition =
  Readonly<{ kind: 'resent' }> | Readonly<{ kind: 'new'; occurrence: number }>;

/**
 * Is this start a resend or a session of its own? While the session runs it is a resend. After its
 * stop it is one too if the charger's clock works, because no second start can have the same second,
 * tag and register; chargers do resend a start whose answer was lost after the stop. A charger
 * without a clock begins every session with the same words: there, once the one before has stopped,
 * the same words are the next session, since a charger sends a stop only after its start was answered.
 */
export const recogniseStart = (
  start: StartWords,
  known: KnownStart | undefined,
  now: Instant,
): StartRecognition => {
  if (known === undefined) return { kind: 'new', occurrence: 1 };
  if (known.status === 'active' || clockFault(start.startedAt, now) === undefined) {
    return { kind: 'resent' };
  }
  return { kind: 'new', occurrence: known.occurrence + 1 };
};
