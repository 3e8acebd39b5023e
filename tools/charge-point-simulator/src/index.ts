export type { BackoffLimits } from './backoff';
export { runFleet, type FleetSetting } from './fleet';
export { HandshakeRefused } from './connection';
export type { Curve } from './charge-plan';
export { type MisbehaviourName, misbehaviourNames, misbehaviours } from './misbehaviour';
export { seededRandom, type SeededRandom } from './seeded-random';
export { stationClock, StationClock, type ClockSetting } from './station-clock';
export { SimulatedChargePoint } from './charge-point';
export type { ChargePointSetting, OcppVersion, SimulatorLogEntry } from './charge-point-setting';
export type {
  SessionCharged,
  SessionDeclined,
  SessionOptions,
  SessionOutcome,
} from './session-terms';
export type { AuthorizationStatus, ConnectorStatus, StopReason } from './terms';
export { runCase, type CaseRun, type RunSetting } from './corpus/case-run';
export { corpusDirectory, readCorpus, type CorpusCase } from './corpus/corpus-case';
export { factFaults, type ObservedFacts, type ObservedSession } from './corpus/session-facts';
