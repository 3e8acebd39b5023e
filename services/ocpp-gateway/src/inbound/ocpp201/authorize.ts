import { askedTag } from '../../outbound/storable-text';
import { type Answer, FrameFault } from '../frame';
import { idTokenInfo, tokenInfoOf } from './id-token-info';
import { placeOnce, questionAt } from '../question';

type Authorize = Readonly<{ idToken: Readonly<{ idToken: string; type: string }> }>;

const placeAt = placeOnce((point) => questionAt(point, undefined));

/** OCPP 2.0.1 part 2, C01: may this token charge here, now? Certificates are not looked at. */
export const authorize: Answer<Authorize> = async (frame, gateway) => {
  const { chargePointId } = frame.connection;
  const point = await gateway.registrations.of(frame.connection, Date.now());
  if (point === undefined) throw new FrameFault(`charge point ${chargePointId} is not registered`);
  const answer = await gateway.authorization.mayCharge({
    place: placeAt(point),
    idTag: askedTag(frame.params.idToken.idToken),
    at: frame.receivedAt,
  });
  const { parentIdTag } = answer;
  const group =
    parentIdTag === undefined ? {} : { groupIdToken: { idToken: parentIdTag, type: 'Central' } };
  return { idTokenInfo: { ...idTokenInfo(tokenInfoOf(answer)), ...group } };
};
