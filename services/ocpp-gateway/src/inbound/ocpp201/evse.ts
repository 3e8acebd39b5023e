import { int32 } from '../frame';
import { fieldsOf, readable, wholeOf } from '../readable';

/**
 * The connector of the registration that an EVSE's connector is (OCPP 2.0.1 part 1, 3.1). EVSE n is
 * connector n. Further connectors of one EVSE, of which one can be used at a time, are n times 100
 * plus their number: the second connector of EVSE 1 is 102.
 */
export const connectorOf = (evseId: number, connectorId = 1): number =>
  int32('evseId', connectorId <= 1 ? evseId : evseId * 100 + connectorId);

/** The EVSE, and its connector unless that is the first, that a connector of the registration is. */
export const evseOf = (connector: number): Readonly<{ id: number; connectorId?: number }> =>
  connector > 100 && connector % 100 > 1
    ? { id: Math.floor(connector / 100), connectorId: connector % 100 }
    : { id: connector };

/** The connector that an event names, if it names one that can be. */
export const connectorIn = (evse: unknown): number | undefined => {
  const { id, connectorId } = fieldsOf(evse);
  const evseId = wholeOf(id);
  return evseId === undefined || evseId < 1
    ? undefined
    : readable(() => connectorOf(evseId, wholeOf(connectorId)));
};
