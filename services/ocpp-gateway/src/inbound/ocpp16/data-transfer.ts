import type { Answer } from '../frame';

/** OCPP 1.6, section 4.3: no vendor has an extension here. */
export const dataTransfer: Answer<object> = async () => ({ status: 'UnknownVendorId' });
