export { freePorts, portsFromEnvironment, type Ports } from './addresses';
export { ApiRefused, OperatorApi, type ApiName } from './api';
export {
  collectEvidence,
  findSessionId,
  findSubject,
  type SessionEvidence,
  type SubjectView,
} from './evidence';
export { StillNotSo, until } from './patience';
export { operatorToken } from './secrets';
export { ServiceProcess, type ProcessExit } from './service-process';
export {
  chargePointPassword,
  issueToken,
  publishTariffs,
  registerChargePoint,
  tariffs,
} from './setup';
export {
  serviceNames,
  startSystem,
  type Addresses,
  type ServiceName,
  type System,
  type SystemOptions,
} from './system';
export { berlinInstant, latestTuesday } from './virtual-day';
