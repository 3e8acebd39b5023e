import { placeOf } from '../../outbound/charge-point-registry';
import { askedTag } from '../../outbound/storable-text';
import { type Answer, FrameFault } from '../frame';
import { idTagInfoOf } from './id-tag-info';

/** OCPP 1.6, section 4.1: may this tag charge here, now? */
export const authorize: Answer<Readonly<{ idTag: string }>> = async (frame, gateway) => {
  const { cpoId, chargePointId } = frame.connection;
  const point = await gateway.registrations.of(frame.connection, Date.now());
  if (point === undefined) throw new FrameFault(`charge point ${chargePointId} is not registered`);
  const powers = point.connectors.map(({ powerWMax }) => powerWMax);
  const answer = await gateway.authorization.mayCharge({
    cpoId,
    chargePointId,
    connectorId: 0,
    idTag: askedTag(frame.params.idTag),
    at: frame.receivedAt,
    ...placeOf(point, undefined),
    powerWMax: powers.reduce((most, power) => (power > most ? power : most), 0n),
    purpose: 'authorize',
  });
  const { parentIdTag } = answer;
  const parent = parentIdTag === undefined ? {} : { parentIdTag };
  return { idTagInfo: { ...idTagInfoOf(answer), ...parent } };
};
