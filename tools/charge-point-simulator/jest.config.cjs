module.exports = {
  ...require('../../jest.preset.js'),
  displayName: 'charge-point-simulator',
};
