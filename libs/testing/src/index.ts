export { freePort } from '@tallywatt/local-runtime';
export {
  cdrIssued,
  movementAvailable,
  movementRecorded,
  payoutCreated,
  payoutFailed,
  payoutPaid,
  receivableOpened,
  recorded,
  taxPortion,
} from './example-facts';
export { eventually } from './eventually';
export { type Outcome, specification } from './specification';
export {
  type TcpProxy,
  type TcpProxyOptions,
  kafkaProduceApiKey,
  startTcpProxy,
} from './tcp-proxy';
export {
  type TestRuntime,
  startTestServers,
  testRuntime,
  testRuntimeVariable,
} from './test-runtime';
