import { RPCClient } from 'ocpp-rpc';

/** Where the connectors of a fleet hang; sessions go round them. */
export type Fleet = Readonly<{
  size: number;
  call(charger: number, action: string, payload: object): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}>;

export const chargerId = (charger: number): string => `BENCH-${charger}`;

/**
 * Connects chargers that say only what a benchmark has them say. Their calls wait for nobody but
 * the one before on the same connection, as OCPP has it.
 */
export const connectFleet = async (
  url: string,
  size: number,
  password: string | null,
): Promise<Fleet> => {
  const connect = async (charger: number): Promise<RPCClient> => {
    const client = new RPCClient({
      endpoint: url,
      identity: chargerId(charger),
      password,
      protocols: ['ocpp1.6'],
      callTimeoutMs: 60_000,
      callConcurrency: 1,
      pingIntervalMs: 60_000,
      deferPingsOnActivity: true,
      reconnect: false,
      maxReconnects: 0,
      backoff: { initialDelay: 1000, maxDelay: 10_000, factor: 2, randomisationFactor: 0 },
      strictMode: false,
      strictModeValidators: [],
      respondWithDetailedErrors: false,
      maxBadMessages: Number.POSITIVE_INFINITY,
      wsOpts: { handshakeTimeout: 20_000 },
      headers: {},
    });
    client.on('socketError', () => undefined);
    await client.connect();
    return client;
  };
  // A few at a time: the password of each is checked, which takes long on purpose.
  const clients: RPCClient[] = [];
  while (clients.length < size) {
    const few = Array.from({ length: Math.min(4, size - clients.length) }, (_, index) =>
      connect(clients.length + index),
    );
    clients.push(...(await Promise.all(few)));
  }
  return {
    size,
    call: async (charger, action, payload) => {
      const client = clients[charger];
      if (client === undefined) throw new Error(`there is no charger ${charger}`);
      return (await client.call(action, payload)) as Record<string, unknown>;
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
};
