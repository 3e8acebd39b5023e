import { freePort } from '@tallywatt/local-runtime';

/** Ports of one local system. */
export type Ports = Readonly<{
  ocpp: number;
  ocppGateway: number;
  authorization: number;
  authorizationGrpc: number;
  pricingEngine: number;
  paymentCapture: number;
  ledger: number;
  reconciliation: number;
  stripeSandbox: number;
}>;

const standardPorts: Record<keyof Ports, readonly [variable: string, port: number]> = {
  ocpp: ['OCPP_PORT', 9310],
  ocppGateway: ['OCPP_GATEWAY_PORT', 9311],
  authorization: ['AUTHORIZATION_PORT', 9312],
  pricingEngine: ['PRICING_ENGINE_PORT', 9313],
  paymentCapture: ['PAYMENT_CAPTURE_PORT', 9314],
  ledger: ['LEDGER_PORT', 9315],
  reconciliation: ['RECONCILIATION_PORT', 9316],
  authorizationGrpc: ['AUTHORIZATION_GRPC_PORT', 9322],
  stripeSandbox: ['STRIPE_SANDBOX_PORT', 9330],
};

const entries = Object.entries(standardPorts) as [keyof Ports, readonly [string, number]][];

/** The documented ports, each changeable by its variable. @throws when one is not a port. */
export const portsFromEnvironment = (env: NodeJS.ProcessEnv): Ports =>
  Object.fromEntries(
    entries.map(([name, [variable, standard]]) => {
      const text = env[variable];
      if (text === undefined || text === '') return [name, standard];
      const port = Number(text);
      if (!Number.isInteger(port) || port < 1 || port > 65_535) {
        throw new Error(`${variable} must be a port from 1 to 65535, not '${text}'`);
      }
      return [name, port];
    }),
  ) as Ports;

/** Free ports, for systems that run side by side in tests. */
export const freePorts = async (): Promise<Ports> => {
  const ports: Record<string, number> = {};
  const taken = new Set<number>();
  for (const [name] of entries) {
    let port = await freePort();
    while (taken.has(port)) port = await freePort();
    taken.add(port);
    ports[name] = port;
  }
  return ports as Ports;
};

/** The variable that moves a port, for error messages. */
export const variableOf = (name: keyof Ports): string => standardPorts[name][0];
