import { EntitySchema } from 'typeorm';

/** Rows of the control plane, as TypeORM sees them; other files see domain values. */
export type DriverRow = { cpoId: string; driverRef: string; registeredAt: Date };

export type TokenRow = {
  cpoId: string;
  tokenRef: string;
  version: string;
  status: 'valid' | 'blocked';
  tokenType: string;
  driverRef: string | null;
  groupRef: string | null;
  expiresAt: Date | null;
  paymentMethodId: string | null;
  fleetRef: string | null;
  roamingPartyId: string | null;
  roamingWhitelist: string | null;
  issuedAt: Date;
};

export type MembershipRow = {
  cpoId: string;
  driverRef: string;
  version: string;
  status: 'granted' | 'revoked' | 'expired';
  tier: string | null;
  discountPercent: string | null;
  validUntil: Date | null;
  changedAt: Date;
};

const cpoId = { type: 'text', name: 'cpo_id', primary: true } as const;

export const driverTable = new EntitySchema<DriverRow>({
  name: 'Driver',
  tableName: 'drivers',
  columns: {
    cpoId,
    driverRef: { type: 'uuid', name: 'driver_ref', primary: true },
    registeredAt: { type: 'timestamptz', name: 'registered_at' },
  },
});

export const tokenTable = new EntitySchema<TokenRow>({
  name: 'Token',
  tableName: 'tokens',
  columns: {
    cpoId,
    tokenRef: { type: 'uuid', name: 'token_ref', primary: true },
    version: { type: 'bigint' },
    status: { type: 'text' },
    tokenType: { type: 'text', name: 'token_type' },
    driverRef: { type: 'uuid', name: 'driver_ref', nullable: true },
    groupRef: { type: 'uuid', name: 'group_ref', nullable: true },
    expiresAt: { type: 'timestamptz', name: 'expires_at', nullable: true },
    paymentMethodId: { type: 'text', name: 'payment_method_id', nullable: true },
    fleetRef: { type: 'uuid', name: 'fleet_ref', nullable: true },
    roamingPartyId: { type: 'text', name: 'roaming_party_id', nullable: true },
    roamingWhitelist: { type: 'text', name: 'roaming_whitelist', nullable: true },
    issuedAt: { type: 'timestamptz', name: 'issued_at' },
  },
});

export const membershipTable = new EntitySchema<MembershipRow>({
  name: 'Membership',
  tableName: 'memberships',
  columns: {
    cpoId,
    driverRef: { type: 'uuid', name: 'driver_ref', primary: true },
    version: { type: 'bigint' },
    status: { type: 'text' },
    tier: { type: 'text', nullable: true },
    discountPercent: { type: 'text', name: 'discount_percent', nullable: true },
    validUntil: { type: 'timestamptz', name: 'valid_until', nullable: true },
    changedAt: { type: 'timestamptz', name: 'changed_at' },
  },
});
