module.exports = {
  ...require('../../jest.preset.js'),
  displayName: 'pricing-engine',
};
