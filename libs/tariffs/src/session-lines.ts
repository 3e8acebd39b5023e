import type { Charge } from './charges';
import type { AppliedTerms } from './entitlement';
import { appliedTerms } from './entitlement';
import { idleLimitLines } from './idle-limit';
import type { PricedLine } from './lines';
import { chargeLines } from './lines';
import { memberLines } from './member-discount';
import type { RatingInput } from './rated-session';

/**
 * The lines of a session before its minimum and maximum price: what its charges cost, what the
 * limit of idle fees takes off, and what is less for its tier.
 */
export const sessionLines = (charges: readonly Charge[], input: RatingInput): PricedLine[] => {
  const terms = appliedTerms(input);
  const isLimited = input.tariff.idleMaxPrice !== undefined;
  if (terms === undefined && !isLimited) return chargeLines(charges, input);
  const due = terms?.fleet === undefined ? charges : charges.map(onPlan(terms.fleet));
  const charged = chargeLines(due, input).map(namingPlan(terms));
  return [
    ...charged,
    ...(isLimited ? idleLimitLines(charged, input.tariff) : []),
    ...(terms === undefined ? [] : memberLines(due, charged, terms, input)),
  ];
};

// Energy on a fleet plan costs what the plan says, whichever element it is charged by.
const onPlan =
  ({ overagePricePerKwh: price }: NonNullable<AppliedTerms['fleet']>) =>
  (charge: Charge): Charge =>
    charge.dimension === 'ENERGY'
      ? { ...charge, component: { ...charge.component, price } }
      : charge;

const namingPlan =
  (terms: AppliedTerms | undefined) =>
  (one: PricedLine): PricedLine =>
    terms?.fleet === undefined || one.line.dimension !== 'ENERGY'
      ? one
      : {
          ...one,
          line: { ...one.line, explanation: `${one.line.explanation} Fleet plan ${terms.tier}.` },
        };
