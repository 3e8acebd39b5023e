import { type Answer, NotSupported } from '../frame';

/** Messages whose answer says no more than that they came. What they say is in no event yet. */
export const acknowledgedActions = [
  'ClearedChargingLimit',
  'NotifyChargingLimit',
  'NotifyCustomerInformation',
  'NotifyDisplayMessages',
  'NotifyEvent',
  'NotifyMonitoringReport',
  'PublishFirmwareStatusNotification',
  'ReportChargingProfiles',
] as const;

/** Messages that ask for something nobody here does: of contracts' certificates, and schedules for a vehicle. */
export const unsupportedActions = [
  'Get15118EVCertificate',
  'GetCertificateStatus',
  'NotifyEVChargingNeeds',
  'NotifyEVChargingSchedule',
] as const;

export const acknowledged: Answer<object> = async () => ({});

export const unsupported: Answer<object> = async () => {
  throw new NotSupported('this message is known, and nothing is done about it');
};
