/** The life of two products that was recorded from the real portal, played again against the simulator. */
import { type PortalSimulator, startPortalSimulator } from '../../../demo/portal/simulator.ts';
import type { Generation, SettingDefinitionRecord } from '../../../demo/portal/state/records.ts';
import { recordedAnswer } from './recordings.ts';
import { type Received, startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';

/** What a call got, and what was sent for it. */
export interface Outcome {
  readonly status: number;
  /** Parsed; null for an empty body. */
  readonly answer: unknown;
  readonly empty: boolean;
  readonly headers: Headers;
  readonly v1: readonly Received[];
  readonly v2: readonly Received[];
}

/** A portal with both kinds of webhooks caught. */
export class Life implements AsyncDisposable {
  readonly portal: PortalSimulator;
  readonly #stack: AsyncDisposableStack;
  readonly #v1: WebhookReceiver;
  readonly #v2: WebhookReceiver;

  private constructor(
    portal: PortalSimulator,
    stack: AsyncDisposableStack,
    receivers: { readonly v1: WebhookReceiver; readonly v2: WebhookReceiver },
  ) {
    this.portal = portal;
    this.#stack = stack;
    this.#v1 = receivers.v1;
    this.#v2 = receivers.v2;
  }

  static async begin(generation: Generation): Promise<Life> {
    await using stack = new AsyncDisposableStack();
    const v1 = stack.use(await startWebhookReceiver());
    const v2 = stack.use(await startWebhookReceiver());
    const portal = stack.use(
      await startPortalSimulator({
        generation,
        webhookUrl: v1.url,
        webhookSecret: 'super-secret-webhook-key',
        webhookV2Url: v2.url,
      }),
    );
    configureAsRecorded(portal);
    return new Life(portal, stack.move(), { v1, v2 });
  }

  /** Makes the call and waits for its webhooks. */
  async call(method: string, path: string, body?: unknown): Promise<Outcome> {
    const [v1Before, v2Before] = [this.#v1.received.length, this.#v2.received.length];
    const response = await fetch(`${this.portal.url}/api/v2${path}`, {
      method,
      redirect: 'manual',
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    await this.portal.idle();
    return {
      status: response.status,
      answer: text === '' ? null : JSON.parse(text),
      empty: text === '',
      headers: response.headers,
      v1: this.#v1.received.slice(v1Before),
      v2: this.#v2.received.slice(v2Before),
    };
  }

  /** Makes a call that must succeed and gives its answer. */
  async done<Answer = unknown>(method: string, path: string, body?: unknown): Promise<Answer> {
    const { status, answer } = await this.call(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path} was answered with ${status}`);
    return answer as Answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** The types, domains, tags and setting definitions that the recorded portal had. */
function configureAsRecorded({ state, generation }: PortalSimulator): void {
  const list = <Row>(name: string): readonly Row[] =>
    Object.values(recordedAnswer(generation, name).response as Record<string, readonly Row[]>).flat();
  type Named = { readonly id: string; readonly name: string; readonly description: string };
  for (const type of list<Named & { readonly icon_key: string }>('types')) {
    state.types.set(type.id, { ...type, iconKey: type.icon_key });
  }
  for (const domain of list<Named>('domains')) state.domains.set(domain.id, domain);
  state.tags.clear();
  for (const tag of list<{ readonly id: string; readonly value: string }>('tags'))
    state.tags.set(tag.id, tag);
  state.settingDefinitions.clear();
  for (const definition of list<SettingDefinitionRecord>('settings-defs')) {
    state.settingDefinitions.set(definition.id, definition);
  }
  const ready = list<{ id: string; name: string; value: number; color: string }>('lifecycles')[1];
  if (ready === undefined) throw new Error('the recording lacks the lifecycle Ready');
  state.lifecycles.set(ready.id, { ...ready, isDefault: false });
}

/** Every request of the recorded life that others are made of. */
export function requestBodies(generation: Generation) {
  const bodyOf = (name: string) => recordedAnswer(generation, name).request.body as Record<string, unknown>;
  const create = bodyOf('data-product-create');
  const { owners: _owners, ...update } = create;
  const asset = bodyOf('technical-asset-create');
  const port = {
    name: 'Leads',
    namespace: 'leads',
    description: 'Output port Leads',
    access_type: 'restricted',
    data_product_access_duration_type: 'permanent',
    exploration_access_duration_type: 'permanent',
    tag_ids: [],
  };
  return { create, update, asset, port, owners: create.owners as readonly string[] };
}
