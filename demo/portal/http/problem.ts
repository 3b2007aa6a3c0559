/** Answers that are not a success, with the portal's own words. */

/** One entry of a 422's `detail`, as pydantic writes it. */
export interface Fault {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

/** A refused call; becomes `{correlation_id, detail}`. */
export class Problem extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
  }
}

/** A call that is not what the API's document says; becomes `{correlation_id, detail: [...], body}` with 422. */
export class InvalidCall extends Error {
  readonly faults: readonly Fault[];
  /** The caller's body, which the portal sends back. */
  readonly body: unknown;

  constructor(faults: readonly Fault[], body: unknown) {
    super('invalid call');
    this.name = 'InvalidCall';
    this.faults = faults;
    this.body = body;
  }
}

/** For ids of rows that are not there; the portal uses these words for most kinds of row. */
export const missing = (id: string): Problem => new Problem(404, `Required item ${id} does not exist`);
