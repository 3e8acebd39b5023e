export { ApiPage } from './api-page';
export {
  AuthenticationGuard,
  Caller,
  Public,
  Roles,
  tokenVerifier,
  type CallerIdentity,
  type Role,
} from './authentication';
export {
  EnvironmentInvalid,
  portSchema,
  readEnvironment,
  type BaseEnvironment,
} from './environment';
export { toJson } from './json-output';
export { createLogger, type Logger } from './logger';
export { migrate, readMigrations, type SqlMigration } from './migrations';
export { decodeCursor, encodeCursor, pageOf, pageQuerySchema, type Page } from './page';
export { Problem, type Fault, type ProblemDetails } from './problem';
export { jsonSchemaOf, validated } from './request-schema';
export {
  runService,
  startService,
  type RunningService,
  type ServiceDefinition,
} from './run-service';
export type { ServiceContext } from './service-context';
