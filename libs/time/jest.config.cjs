const preset = require('../../jest.preset.js');

module.exports = {
  ...preset,
  displayName: 'time',
  // The judge of these tests is ESM only.
  transformIgnorePatterns: preset.transformIgnorePatterns.map((pattern) =>
    pattern.replace('(?!(?:', '(?!(?:temporal-polyfill|temporal-utils|'),
  ),
};
