import type { SessionCost } from '../domain/session-cost';
import type { ChargePoint } from '../outbound/charge-point-registry';
import type { OpenCharger } from '../outbound/charger-connections';
import type { ShowOutcome } from '../outbound/cost-displays';
import { callTimeoutMs, type RpcFault, type RpcPeer } from './charger-connection';
import { protocols } from './protocols';

/** OCPP 1.6, DataTransferStatus; 2.0.1 answers CostUpdated with nothing. */
const outcomeOf = (result: unknown): ShowOutcome => {
  const { status = 'Accepted' } = result as Readonly<{ status?: string }>;
  if (status === 'Accepted') return 'shown';
  return status.startsWith('Unknown') ? 'unsupported' : 'not-shown';
};

const unsupported: readonly (string | undefined)[] = ['NotImplemented', 'NotSupported'];

/** How a connected charger shows costs, by its registration, which may change meanwhile. */
export const costDisplay = (
  peer: RpcPeer,
  registration: () => Promise<ChargePoint | undefined>,
): Pick<OpenCharger, 'mayShow' | 'showCost'> => {
  /** An amount in another currency than the charger's would be read as one in its own. */
  const displayFor = async ({ currency }: SessionCost) => {
    const point = await registration();
    return point?.currency === currency ? point.costDisplay : 'none';
  };
  return {
    mayShow: async (cost) => (await displayFor(cost)) !== 'none',
    showCost: async (cost, session) => {
      const protocol = protocols[peer.session.subprotocol];
      try {
        const call = protocol.showCost(cost, session, await displayFor(cost));
        if (call === undefined) return 'not-shown';
        return outcomeOf(await peer.call(...call, { callTimeoutMs }));
      } catch (error) {
        return unsupported.includes((error as RpcFault).rpcErrorCode) ? 'unsupported' : 'not-shown';
      }
    },
  };
};
