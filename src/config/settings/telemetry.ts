/** Traces. The names are OpenTelemetry's own. */
import { z } from 'zod';
import { httpUrl, settingsOf } from './forms.ts';

const setting = settingsOf('Traces');

/** `name=value,name=value`, values percent-encoded (OpenTelemetry specification, "Specifying headers"). */
const headers = z
  .string()
  .regex(/^[\w-]+=[^,\s]*(,[\w-]+=[^,\s]*)*$/, 'must be like name=value,name=value')
  .transform((text) => text.split(','));

export const telemetrySettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: setting(httpUrl.optional(), {
    about: 'Collector that traces are sent to (OTLP over HTTP); without it none are made.',
    example: 'http://collector:4318',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: setting(headers.optional(), {
    about: 'Headers for the collector, `name=value`, comma separated.',
    example: 'authorization=Bearer%20a-token',
    secret: true,
  }),
  OTEL_SERVICE_NAME: setting(z.string().min(1).default('data-product-provisioner'), {
    about: 'Our name in traces.',
    example: 'data-product-provisioner',
  }),
};
