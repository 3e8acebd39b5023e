// `npm test`: everything, on real Kafka and PostgreSQL that it starts itself.
import { ensureDependencies } from './prepare.mjs';
import { jest, jestBesideEachOther, quickSteps, report, step } from './steps.mjs';

await ensureDependencies();
await quickSteps();
await step('integration tests (real Kafka and PostgreSQL)', () =>
  jestBesideEachOther('int', ['--maxWorkers=2']),
);
await step('end-to-end tests (the whole system)', () => jest('e2e', ['--runInBand']));
report();
