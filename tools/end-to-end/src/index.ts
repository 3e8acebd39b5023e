export { disagreements, flatPriceMinor, type ChargedSession } from './agreement';
export { observe, parkedRecords, type Observation } from './observation';
export { passDays, processorSummary, type ProcessorSummary } from './processor';
export { rebuildCdrs, rebuildJournal, rebuildSubjects, type Rebuilt } from './rebuilding';
export { tellingLines, troubles } from './service-logs';
export { endTestSystem, startTestSystem, withLogs, type TestSystem } from './test-system';
export { connectCharger, speed, startTraffic, virtualStart, type Traffic } from './traffic';
export { isPaid, isReconciled, untilPaid, untilSubjects } from './waiting';
