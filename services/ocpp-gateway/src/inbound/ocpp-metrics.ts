import { Counter, Gauge, type Registry } from 'prom-client';

/** What the OCPP side counts. */
export type OcppMetrics = Readonly<{
  connected: (count: number) => void;
  frameAnswered: (action: string, outcome: 'result' | 'error') => void;
  handshakeRefused: (status: number) => void;
}>;

export const ocppMetrics = (registry: Registry): OcppMetrics => {
  const connections = new Gauge({
    name: 'tallywatt_chargers_connected',
    help: 'Chargers with an open connection to this process',
    registers: [registry],
  });
  const frames = new Counter({
    name: 'tallywatt_ocpp_frames_total',
    help: 'OCPP calls answered',
    labelNames: ['action', 'outcome'],
    registers: [registry],
  });
  const refusals = new Counter({
    name: 'tallywatt_ocpp_handshakes_refused_total',
    help: 'Connections refused before there was a WebSocket',
    labelNames: ['status'],
    registers: [registry],
  });
  return {
    connected: (count) => connections.set(count),
    frameAnswered: (action, outcome) => frames.inc({ action, outcome }),
    handshakeRefused: (status) => refusals.inc({ status: String(status) }),
  };
};
