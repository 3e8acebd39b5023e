import { basename, dirname, resolve } from 'node:path';

type Variables = Readonly<Record<string, string | undefined>>;

/** Traces go somewhere only if somebody has said where; else nothing of the SDK is loaded. */
export const isTelemetryConfigured = (variables: Variables): boolean => {
  if (variables['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false;
  if (variables['OTEL_TRACES_EXPORTER']?.trim() === 'none') return false;
  return [
    variables['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
    variables['OTEL_EXPORTER_OTLP_ENDPOINT'],
  ].some((endpoint) => endpoint !== undefined && endpoint.trim() !== '');
};

/** The name of the service: as told, else that of the folder whose `dist/main.js` is run. */
export const serviceNameOf = (variables: Variables, program: string | undefined): string => {
  const told = variables['OTEL_SERVICE_NAME'];
  if (told !== undefined && told !== '') return told;
  return program === undefined ? 'tallywatt' : basename(dirname(dirname(resolve(program))));
};
