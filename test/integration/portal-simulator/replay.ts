/** Plays calls against the simulator and compares answers and webhooks with the recorded ones of the same name. */
import { expect } from 'vitest';
import type { Generation } from '../../../demo/portal/state/records.ts';
import { type Life, type Outcome, requestBodies } from './life.ts';
import { Comparison, recordedAnswer, recordedV1, recordedV2 } from './recordings.ts';

/** Plays calls and compares each with what was recorded under the same name. */
export class Replay {
  readonly life: Life;
  readonly generation: Generation;
  readonly comparison = new Comparison();
  readonly bodies: ReturnType<typeof requestBodies>;

  constructor(life: Life, generation: Generation) {
    this.life = life;
    this.generation = generation;
    this.bodies = requestBodies(generation);
  }

  /** Compares the answer. `pick` cuts the recorded one down to what this life has. */
  answers(outcome: Outcome, name: string, pick = (response: unknown) => response): void {
    const recorded = recordedAnswer(this.generation, name);
    expect(outcome.status, name).toBe(recorded.status);
    const response = pick(recorded.response);
    const expected = this.comparison.expectation(response, outcome.answer);
    expect(this.comparison.subject(outcome.answer), name).toEqual(expected);
    expect(outcome.empty, name).toBe(recorded.response_body_empty ?? false);
  }

  /** Compares the first generation's webhook; `main` sends none. */
  #sendsV1(outcome: Outcome, name: string): void {
    if (this.generation === 'main') {
      expect(outcome.v1, name).toEqual([]);
      return;
    }
    const recorded = recordedV1(name);
    expect(outcome.v1, name).toHaveLength(1);
    const sent = outcome.v1[0];
    const body = sent?.body as typeof recorded.body;
    expect(sent?.method).toBe(recorded.method);
    expect(Object.keys(sent?.headers ?? {})).toEqual(expect.arrayContaining(Object.keys(recorded.headers)));
    expect(Object.keys(body), name).toEqual(Object.keys(recorded.body));
    const parse = (text: string) => (text === '' ? '' : JSON.parse(text));
    const response = parse(body.response);
    const expected = this.comparison.expectation(parse(recorded.body.response), response);
    expect(this.comparison.subject(response), name).toEqual(expected);
    const { method, url, query, status_code } = recorded.body;
    expect({ ...body, response: '' }, name).toEqual({
      method,
      url: this.comparison.translate(url),
      query: this.comparison.translate(query),
      response: '',
      status_code,
    });
  }

  /** Compares the second generation's events: the same types in the same order, with the same ids. */
  #sendsV2(outcome: Outcome, name: string): void {
    // Recorded from `main` only; `v0.7.0` has the same types and shapes.
    const recorded = recordedV2(name).map(({ body }) => ({ type: body.type, data: body.data }));
    const sent = outcome.v2.map(({ body }) => ({ type: body.type, data: body.data }));
    expect(
      sent.map(({ type }) => type),
      name,
    ).toEqual(recorded.map(({ type }) => type));
    if (this.generation === 'v0.7.0') return;
    const expected = this.comparison.expectation(recorded, sent);
    expect(this.comparison.subject(sent), name).toEqual(expected);
  }

  /** A call, compared with everything that was recorded of it. */
  async step(
    [method, path, body]: readonly [method: string, path: string, body?: unknown],
    names: RecordedAs,
  ): Promise<Outcome> {
    const outcome = await this.life.call(method, path, body);
    if (names.answer !== undefined) this.answers(outcome, names.answer);
    this.sends(outcome, names);
    return outcome;
  }

  /** Compares the webhooks of a call that was made before. */
  sends(outcome: Outcome, { v1, v2 }: RecordedAs): void {
    if (v1 !== undefined) this.#sendsV1(outcome, v1);
    if (v2 !== undefined) this.#sendsV2(outcome, v2);
  }

  /** Output ports in the form in which a request names them. */
  wish(...ids: readonly string[]): readonly unknown[] {
    return this.generation === 'main' ? ids.map((output_port_id) => ({ output_port_id })) : ids;
  }

  /** The id of a setting definition. */
  settingId(namespace: string): string {
    const definitions = [...this.life.portal.state.settingDefinitions.values()];
    return definitions.find((one) => one.namespace === namespace)?.id ?? '';
  }
}

/** Under which names a call was recorded. */
interface RecordedAs {
  readonly answer?: string;
  readonly v1?: string;
  readonly v2?: string;
}

/** Both webhooks under one name. */
export const hooks = (name: string): RecordedAs => ({ v1: name, v2: name });

/** Answer and both webhooks under one name. */
export const all = (name: string): RecordedAs => ({ answer: name, v1: name, v2: name });

/** The id in an answer to a creation. */
export const idOf = ({ answer }: Outcome): string => (answer as { readonly id: string }).id;
