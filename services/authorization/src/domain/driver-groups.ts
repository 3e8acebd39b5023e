/** What a driver is told apart by when a tariff is chosen. */
export type DriverFacts = Readonly<{
  /** The tier that the decision arrived at: a membership tier, a fleet plan, `roaming` or `retail`. */
  tier: string;
  /** OCPI TokenType */
  tokenType?: string;
  /** The reference of the token's group. */
  groupRef?: string;
  /** The home network of a roaming token: OCPI country code and party id. */
  roamingPartyId?: string;
}>;

/** The driver groups of a start, as assignments name them: `kind:name`. */
export const driverGroupsOf = ({
  tier,
  tokenType,
  groupRef,
  roamingPartyId,
}: DriverFacts): readonly string[] => [
  `tier:${tier}`,
  ...(tokenType === undefined ? [] : [`token-type:${tokenType}`]),
  ...(groupRef === undefined ? [] : [`group:${groupRef}`]),
  ...(roamingPartyId === undefined ? [] : [`roaming:${roamingPartyId}`]),
];
