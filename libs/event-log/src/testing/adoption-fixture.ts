import { openLog, openPool, sessionsTopic } from './log-stage';

// A service that starts on a new database, to be killed while it takes its streams over.

const need = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
};

const pool = openPool(need('DATABASE_URL'));
const log = openLog(pool, need('KAFKA_BROKERS'), { service: 'ocpp-gateway' });
void log.adoptOwnStreams([sessionsTopic]).then(() => process.exit(0));
