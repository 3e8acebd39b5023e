module.exports = {
  ...require('../../jest.preset.js'),
  displayName: 'payment-capture',
};
