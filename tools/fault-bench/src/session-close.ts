import type { SessionCharged } from '@tallywatt/charge-point-simulator';
import type { BenchSystem } from './bench-system';
import { pause } from './patience';
import type { PlannedChargePoint } from './session-plan';

type ListedSession = Readonly<{ id: string; ocppTransactionId: string; status: string }>;

const patienceMs = 120_000;

/** The session that a charger ran under a transaction id, if the gateway can be asked and has it. */
export const listedSession = async (
  { api }: Pick<BenchSystem, 'api'>,
  chargePointId: string,
  transactionId: number | string,
): Promise<ListedSession | undefined> => {
  try {
    const sessions = await api.list<ListedSession>(
      'ocppGateway',
      `/v1/sessions?chargePointId=${chargePointId}&limit=20`,
    );
    return sessions.find(({ ocppTransactionId }) => ocppTransactionId === String(transactionId));
  } catch {
    return undefined;
  }
};

/**
 * Where idle time is billed, a session closes when its connector is Available, and OCPP 1.6 does not
 * queue that: a status that was answered with an error, or lost, is told anew after a reconnect.
 * So the next car must not come before.
 */
export const untilClosed = async (
  bench: BenchSystem,
  { id, tariff }: PlannedChargePoint,
  { transactionId }: SessionCharged,
  reconnect: () => void,
): Promise<void> => {
  if (tariff !== 'idle') return;
  const deadline = Date.now() + patienceMs;
  for (let looks = 1; Date.now() < deadline; looks += 1) {
    const session = await listedSession(bench, id, transactionId);
    if (session?.status === 'closed') return;
    // Not at every look: a line that is cut all the time tells nothing.
    if (session !== undefined && looks % 10 === 0) reconnect();
    await pause(300);
  }
};
