import { FrameFault } from './frame';
import * as ocpp16 from './ocpp16/schema';
import * as ocpp201 from './ocpp201/schema';

const start = {
  connectorId: 1,
  idTag: 'A',
  meterStart: 0,
  timestamp: '2026-11-20T16:00:00Z',
};
const authorize = { idToken: { idToken: 'A', type: 'ISO14443' } };

describe('a field that the standard does not name', () => {
  it('is passed over where a session depends on the message, however deep it lies', () => {
    expect(() => ocpp16.checkSchema('StartTransaction', { ...start, vendor: 1 })).not.toThrow();
    const deep = { ...authorize, vendor: 1, idToken: { ...authorize.idToken, vendor: {} } };
    expect(() => ocpp201.checkSchema('Authorize', deep)).not.toThrow();
  });

  it('hides no other fault', () => {
    const { meterStart: _, ...rest } = start;
    expect(() => ocpp16.checkSchema('StartTransaction', { ...rest, vendor: 1 })).toThrow(
      FrameFault,
    );
    expect(() => ocpp201.checkSchema('Authorize', { vendor: 1 })).toThrow(FrameFault);
  });

  it('is a fault elsewhere', () => {
    expect(() => ocpp16.checkSchema('Heartbeat', { vendor: 1 })).toThrow(FrameFault);
    expect(() => ocpp201.checkSchema('Heartbeat', { vendor: 1 })).toThrow(FrameFault);
    const command = { transactionId: 1, vendor: 1 };
    expect(() => ocpp16.checkSchema('RemoteStopTransaction', command)).toThrow(FrameFault);
  });
});
