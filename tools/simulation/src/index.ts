export { defects, type Defect } from './defects';
export { Violation } from './ground/violation';
export type { TraceLine } from './ground/world';
export { namedCases, type NamedCase } from './named-cases';
export { simulate, type SimulationOptions, type SimulationResult } from './simulation';
