'use strict';

module.exports = async () => {
  await globalThis.tallywattTestRuntime?.stop();
};
