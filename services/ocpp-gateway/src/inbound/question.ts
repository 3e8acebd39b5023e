import type { SwipePlace } from '../outbound/authorize-wire';
import { type ChargePoint, placeOf } from '../outbound/charge-point-registry';

/**
 * Where somebody wants to charge. An unknown connector is the only one there is; of several it may be
 * the strongest, and what is bound to one of them does not count.
 */
export const questionAt = (point: ChargePoint, connectorId: number | undefined): SwipePlace => {
  const [only, ...others] = point.connectors;
  const isOnly = connectorId === undefined && others.length === 0;
  const connector = isOnly ? only : point.connectors.find(({ id }) => id === connectorId);
  const candidates = connectorId === undefined ? point.connectors : [connector];
  const powers = candidates.map((one) => one?.powerWMax ?? 0n);
  return {
    cpoId: point.cpoId,
    chargePointId: point.id,
    connectorId: connector?.id ?? connectorId ?? 0,
    ...placeOf(point, connector),
    powerWMax: powers.reduce((most, power) => (power > most ? power : most), 0n),
  };
};

/** A place made once for each registration, which is the same object until it is read again. */
export const placeOnce = (
  placeAt: (point: ChargePoint) => SwipePlace,
): ((point: ChargePoint) => SwipePlace) => {
  const places = new WeakMap<ChargePoint, SwipePlace>();
  return (point) => {
    const known = places.get(point);
    if (known !== undefined) return known;
    const place = placeAt(point);
    places.set(point, place);
    return place;
  };
};
