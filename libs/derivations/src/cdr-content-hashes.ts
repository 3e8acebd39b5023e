import { encodeEvent, type CdrEvent } from '@tallywatt/contracts';

/**
 * The content hashes under which the log may hold a CDR that was derived: as it is written now, and
 * as it was written before CDRs said what the energy cost. Whoever derives the log again compares
 * with all of them: what was issued then is right as it stands.
 */
export const cdrContentHashes = (cdr: CdrEvent): readonly string[] => {
  const { contentHash } = encodeEvent(cdr);
  if (cdr.type === 'CdrWithheld' || cdr.energyCost === undefined) return [contentHash];
  const { energyCost: _, ...before } = cdr;
  return [contentHash, encodeEvent(before).contentHash];
};
