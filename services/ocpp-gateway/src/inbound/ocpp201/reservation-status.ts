import type { Answer } from '../frame';

type ReservationStatusUpdate = Readonly<{
  reservationId: number;
  reservationUpdateStatus: 'Expired' | 'Removed';
}>;

/** OCPP 2.0.1 part 2, H04: a reservation is over, and nobody came. */
export const reservationStatus: Answer<ReservationStatusUpdate> = async (frame, gateway) => {
  const { connection, params, receivedAt } = frame;
  const { reservationId, reservationUpdateStatus } = params;
  const reason = reservationUpdateStatus === 'Expired' ? 'expired' : 'removed';
  await gateway.commits.submit((tx) =>
    gateway.notices.endReservation(tx, connection, reservationId, { reason }, receivedAt),
  );
  return {};
};
