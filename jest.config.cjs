// With several projects jest takes time limits from the root alone.
const { testTimeout } = require('./jest.preset.js');

module.exports = {
  projects: ['<rootDir>/{libs,services,tools}/*/jest.config.cjs'],
  passWithNoTests: true,
  testTimeout,
};
