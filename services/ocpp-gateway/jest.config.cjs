module.exports = {
  ...require('../../jest.preset.js'),
  displayName: 'ocpp-gateway',
};
