import { placeOf } from '../../outbound/charge-point-registry';
import { askedTag } from '../../outbound/storable-text';
import { type Answer, FrameFault } from '../frame';
import { placeOnce } from '../question';
import { idTagInfoOf } from './id-tag-info';

const placeAt = placeOnce((point) => {
  const powers = point.connectors.map(({ powerWMax }) => powerWMax);
  return {
    cpoId: point.cpoId,
    chargePointId: point.id,
    connectorId: 0,
    ...placeOf(point, undefined),
    powerWMax: powers.reduce((most, power) => (power > most ? power : most), 0n),
  };
});

/** OCPP 1.6, section 4.1: may this tag charge here, now? */
export const authorize: Answer<Readonly<{ idTag: string }>> = async (frame, gateway) => {
  const { chargePointId } = frame.connection;
  const point = await gateway.registrations.of(frame.connection, Date.now());
  if (point === undefined) throw new FrameFault(`charge point ${chargePointId} is not registered`);
  const answer = await gateway.authorization.mayCharge({
    place: placeAt(point),
    idTag: askedTag(frame.params.idTag),
    at: frame.receivedAt,
  });
  const { parentIdTag } = answer;
  const parent = parentIdTag === undefined ? {} : { parentIdTag };
  return { idTagInfo: { ...idTagInfoOf(answer), ...parent } };
};
