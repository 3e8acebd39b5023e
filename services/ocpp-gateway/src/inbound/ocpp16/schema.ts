import { standardSchemas } from '../standard-schemas';

export const { checkSchema, validatorWithout } = standardSchemas(
  'ocpp1.6',
  'ocpp-rpc/lib/schemas/ocpp1_6.json',
  [
    'Authorize',
    'BootNotification',
    'MeterValues',
    'StartTransaction',
    'StatusNotification',
    'StopTransaction',
  ],
);
