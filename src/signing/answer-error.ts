/** What a store says when it refuses. */
import { z } from 'zod';

/** An answer that is not a success, named like the SDK's errors so that `storeError` reads both. */
class AnswerError extends Error {
  readonly $metadata: { readonly httpStatusCode: number };

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = code;
    this.$metadata = { httpStatusCode: status };
  }
}

const JsonError = z.object({ Code: z.string(), Message: z.string().default('') });

/** MinIO's admin API sends its errors as JSON; S3, and RustFS there too, as XML. */
export function errorOf(status: number, text: string): AnswerError {
  const code = /<Code>([^<]{1,100})<\/Code>/.exec(text)?.[1];
  const message = /<Message>([^<]{1,300})<\/Message>/.exec(text)?.[1] ?? '';
  if (code !== undefined) return new AnswerError(status, code, message);
  const json = JsonError.safeParse(jsonOf(text));
  if (json.success) return new AnswerError(status, json.data.Code, json.data.Message);
  return new AnswerError(status, `HTTP ${status}`, message);
}

/** `undefined`: it is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
