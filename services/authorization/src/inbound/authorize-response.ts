import type { ChargingDecision } from '@tallywatt/contracts';
import { parseInstant, type Instant } from '@tallywatt/time';

type Timestamp = Readonly<{ seconds: string; nanos: number }>;

/** An AuthorizeResponse as proto-loader takes it: int64 as text, instants as Timestamps. */
export type AuthorizeResponse = Readonly<{
  decision: Readonly<Record<string, unknown>>;
  expiresAt?: Timestamp;
}>;

/** Writes a decision for the wire, with the token's expiry beside it. */
export const encodeAuthorizeResponse = (
  decision: ChargingDecision,
  expiresAt: Instant | undefined,
): AuthorizeResponse => ({
  decision: {
    ...(int64AsText(decision) as Record<string, unknown>),
    decidedAt: timestamp(decision.decidedAt),
  },
  ...(expiresAt === undefined ? {} : { expiresAt: timestamp(expiresAt) }),
});

const timestamp = (instant: Instant): Timestamp => {
  const epochMs = parseInstant(instant);
  const seconds = Math.floor(epochMs / 1_000);
  return { seconds: seconds.toString(), nanos: (epochMs - seconds * 1_000) * 1_000_000 };
};

const int64AsText = (content: unknown): unknown => {
  if (typeof content === 'bigint') return content.toString();
  if (typeof content !== 'object' || content === null) return content;
  return Object.fromEntries(
    Object.entries(content).map(([name, field]) => [name, int64AsText(field)]),
  );
};
