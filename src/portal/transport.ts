/** Requests to the portal: a handful at a time, in the trailing-slash form that the portal wants. */
import type { RequestGate } from '../model/gate.ts';
import { type Answer, type ExchangeLimits, type ExchangeRequest, exchange } from './exchange.ts';

/** Where requests go, and within what bounds. */
export interface TransportOptions {
  /** Start of every URL, without a slash at its end. */
  readonly root: string;
  readonly limits: ExchangeLimits;
  /** Lets a handful pass at a time: the portal gives up on its own database after 5 s of waiting for one of 40 connections. */
  readonly gate: RequestGate;
}

/** A request whose URL is still a path below the root. */
export interface PortalRequest extends Omit<ExchangeRequest, 'url'> {
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
}

/** Sends requests to one portal, and remembers which form of each path it wants. */
export class Transport {
  readonly #options: TransportOptions;
  /** Labels of routes where the form with (or without) the slash turned out to be the other one. */
  readonly #inOtherForm = new Set<string>();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /**
   * Sends the request. Generations of the portal disagree about the slash at the end of some paths and answer the
   * wrong form with 307; then the other form is asked, at the same address. What `location` says is never requested:
   * behind TLS it would name plain http, and the credentials would go with it.
   *
   * Throws what `exchange` throws.
   */
  async send(request: PortalRequest): Promise<Answer> {
    const isOther = this.#inOtherForm.has(request.label);
    const answer = await this.#sendTo(isOther ? otherForm(request.path) : request.path, request);
    if (!isSlashRedirect(answer)) return answer;
    const second = await this.#sendTo(isOther ? request.path : otherForm(request.path), request);
    if (second.status < 300) this.#remember(request.label, !isOther);
    return second;
  }

  #sendTo(path: string, request: PortalRequest): Promise<Answer> {
    const { label, method, headers, body } = request;
    const url = `${this.#options.root}${path}${request.query}`;
    const wanted = { label, method, url, headers, body };
    return this.#options.gate.add(() => exchange(wanted, this.#options.limits));
  }

  #remember(label: string, isOther: boolean): void {
    if (isOther) this.#inOtherForm.add(label);
    else this.#inOtherForm.delete(label);
  }
}

function otherForm(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
}

function isSlashRedirect(answer: Answer): boolean {
  return answer.status === 307 || answer.status === 308;
}
