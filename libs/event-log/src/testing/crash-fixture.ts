import { openLog, openPool, released, sessionsTopic, usualLogger, writeEffects } from './log-stage';

// A service in small, to be killed; the crash tests run it as a process of its own.

const need = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
};

const main = async (): Promise<void> => {
  const cpoId = need('CPO_ID');
  const consumer = need('CONSUMER');
  const slowMs = Number(process.env['SLOW_MS'] ?? '0');
  const pool = openPool(need('DATABASE_URL'));
  const log = openLog(pool, need('KAFKA_BROKERS'), {
    onFatal: () => process.exit(1),
    logger: { ...usualLogger, info: (_, message) => void process.stdout.write(`${message}\n`) },
  });
  const write = writeEffects(consumer);

  process.on('SIGTERM', () => {
    void log.stop().then(() => process.exit(0));
  });
  if (process.env['RELAY'] !== 'off') log.startRelay();
  if (process.env['CONSUME'] !== 'off') {
    log.consume({
      name: consumer,
      topics: [sessionsTopic],
      handle: async (events, tx) => {
        await write(events, tx);
        const ours = events.some(({ event }) => event.cpoId === cpoId);
        if (ours) process.stdout.write('handling\n');
        if (ours && slowMs > 0) await new Promise((resolve) => setTimeout(resolve, slowMs));
      },
    });
  }
  // The same events at every start: a restarted service repeats what it cannot know to be done.
  for (let n = 1; n <= Number(process.env['APPEND'] ?? '0'); n += 1) {
    await log.transaction(async (tx) => {
      await tx.query('INSERT INTO attempts (detail) VALUES ($1)', [`${cpoId}-${n}`]);
      await log.append(tx, [released(cpoId, 's-1', `${n}`), released(cpoId, 's-2', `${n}`)]);
    });
  }
  process.stdout.write('appended\n');
};

void main();
