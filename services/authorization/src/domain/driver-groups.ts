/** What a driver is told apart by when a tariff is chosen. */
export type DriverFacts = Readonly<{
  /** The tier that the decision arrived at: a membership tier, a fleet plan, or `retail`. */
  tier: string;
  /** OCPI TokenType */
  tokenType?: string;
  /** The reference of the token's group, such as a fleet or a roaming partner. */
  groupRef?: string;
}>;

/** The driver groups of a start, as assignments name them: `kind:name`. */
export const driverGroupsOf = ({ tier, tokenType, groupRef }: DriverFacts): readonly string[] => [
  `tier:${tier}`,
  ...(tokenType === undefined ? [] : [`token-type:${tokenType}`]),
  ...(groupRef === undefined ? [] : [`group:${groupRef}`]),
];
