// A price is a function of events, tariff and these three ids. A change of any rule they stand for
// is a new id, so that an old session can be priced again as it was.

/** Which rulings fill the gaps of OCPI 2.2.1. */
export const ratingPolicyId = 'ocpi-2.2.1/tallywatt-1';
/** Each line is rounded once, half away from zero, to the minor unit. */
export const roundingPolicyId = 'half-away-from-zero/line-1';
/** The register between two readings is a straight line. */
export const interpolationPolicyId = 'linear-register/1';
