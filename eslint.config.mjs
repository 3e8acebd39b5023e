import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

// Who may import whom, by project. There is no line that lets everything import everything.
const directions = {
  'type:domain': ['type:domain'],
  'type:contracts': ['type:contracts', 'type:domain'],
  'type:adapter': ['type:adapter', 'type:contracts', 'type:domain'],
  'type:service': ['type:adapter', 'type:contracts', 'type:domain'],
  'type:testing': ['type:tool', 'type:contracts', 'type:domain'],
  'type:tool': ['type:tool', 'type:adapter', 'type:contracts', 'type:domain'],
  // The one door into services, and into their domain only; see ADR 0017 and the rule below.
  'type:simulation': ['type:service', 'type:adapter', 'type:contracts', 'type:domain'],
};

const boundaries = (alsoAllowed) => [
  'error',
  {
    enforceBuildableLibDependency: true,
    allow: [],
    depConstraints: Object.entries(directions).map(([sourceTag, targets]) => ({
      sourceTag,
      onlyDependOnLibsWithTags: [...targets, ...alsoAllowed],
    })),
  },
];

const onlyIn = {
  kafkajs: 'kafkajs stays behind libs/event-log/src/kafka-{client,admin}.ts.',
  'date-fns-tz': 'Local time is the business of libs/time.',
};
const restrictedPaths = Object.entries(onlyIn).map(([name, message]) => ({ name, message }));

// What the simulation may take of services and of the event log: deciders, rules, no shells.
const simulatedShells = [
  {
    regex:
      '^@tallywatt/(authorization|ledger|ocpp-gateway|payment-capture|pricing-engine|reconciliation)(?!/domain/)',
    message: 'Of a service the simulation drives its domain/ and nothing else.',
  },
  {
    regex: '^@tallywatt/(event-log(?!/(chunk-entry|key-book)$)|service-kit|testing)',
    message: 'The simulation has no real log and no real process.',
  },
];

const impureImports = [
  '@nestjs/*',
  '@opentelemetry/*',
  '@tallywatt/event-log',
  '@tallywatt/service-kit',
  'fs',
  'kafkajs',
  'node:*',
  'ocpp-rpc',
  'pg',
  'pino',
  'rxjs',
  'stripe',
  'typeorm',
  '../inbound/*',
  '../outbound/*',
].map((group) => ({ group: [group], message: 'Domain code is pure: no I/O, no framework.' }));

const impureGlobals = [
  'Date',
  'process',
  'console',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'performance',
  'crypto',
].map((name) => ({ name, message: 'Domain code has no clock, no randomness and no I/O.' }));

const pureFiles = [
  'services/*/src/domain/**/*.ts',
  'libs/{money,decider,tariffs,accounting,derivations}/src/**/*.ts',
];

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/out-tsc/**',
      '**/node_modules/**',
      '.nx/**',
      '.tallywatt/**',
      'libs/contracts/src/gen/**',
      '**/*.cjs',
    ],
  },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked, prettier],
    plugins: { '@nx': nx },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@nx/enforce-module-boundaries': boundaries([]),
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-imports': ['error', { paths: restrictedPaths }],
      'max-lines': ['warn', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['warn', { max: 70, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
    },
  },
  {
    // Decorated modules are often empty classes, and Nest reads parameter types at run time.
    files: ['**/*.module.ts', '**/*.controller.ts'],
    rules: {
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/consistent-type-imports': 'off',
    },
  },
  {
    files: pureFiles,
    ignores: ['**/*.spec.ts', '**/src/testing/**'],
    rules: {
      'no-restricted-imports': ['error', { paths: restrictedPaths, patterns: impureImports }],
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Domain code has no randomness.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'AwaitExpression', message: 'Domain code does not wait.' },
        { selector: ':function[async=true]', message: 'Domain code does not wait.' },
        {
          selector: "TSTypeReference[typeName.name='Promise']",
          message: 'Domain code does not wait.',
        },
      ],
    },
  },
  {
    files: ['libs/time/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: restrictedPaths.filter((p) => p.name !== 'date-fns-tz') },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'libs/time computes; it has no clock.' },
        { object: 'Math', property: 'random', message: 'libs/time has no randomness.' },
      ],
    },
  },
  {
    files: [
      'libs/event-log/src/kafka-client.ts',
      'libs/event-log/src/kafka-admin.ts',
      // Makes records expire, which nothing but a test asks for.
      'libs/event-log/src/testing/expiry.ts',
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: restrictedPaths.filter((p) => p.name !== 'kafkajs') },
      ],
    },
  },
  {
    // What ours is measured against is kafkajs itself; nothing else of the benchmarks may use it.
    files: ['tools/benchmark/src/bare/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: restrictedPaths.filter((p) => p.name !== 'kafkajs') },
      ],
    },
  },
  {
    // A run is what its seed says: no clock but the virtual one, no chance but the seeded one.
    files: ['tools/simulation/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: restrictedPaths, patterns: simulatedShells }],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'A run has a virtual clock.' },
        { object: 'Math', property: 'random', message: 'A run has seeded chance.' },
      ],
    },
  },
  {
    // Only tests, and the stages they stand on, may use the testing library and real servers.
    files: ['**/*.spec.ts', '**/src/testing/**/*.ts', 'libs/testing/**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries(['type:testing', 'type:tool']),
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // The fault bench breaks connections with the proxy that tests have.
    files: ['tools/fault-bench/src/bench-system.ts'],
    rules: { '@nx/enforce-module-boundaries': boundaries(['type:testing']) },
  },
  {
    // Command lines talk to people.
    files: ['tools/**/*.ts', 'tools/**/*.mjs'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        URL: 'readonly',
        require: 'readonly',
        module: 'writable',
        __dirname: 'readonly',
        fetch: 'readonly',
        Buffer: 'readonly',
        AbortSignal: 'readonly',
      },
    },
  },
);
