import type { Answer } from '../frame';

/** OCPP 2.0.1 part 2, P02: no vendor has an extension here. */
export const dataTransfer: Answer<object> = async () => ({ status: 'UnknownVendorId' });
