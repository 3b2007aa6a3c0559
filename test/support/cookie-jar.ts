/** A browser without pages: keeps cookies per address, follows nothing by itself, fills forms. */

export interface Visit {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly location: string | null;
  readonly url: string;
}

export class CookieJar {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** The cookies of an address, as `Cookie` has them. */
  cookiesOf(url: string): string {
    return [...(this.#cookies.get(new URL(url).host) ?? [])]
      .map(([name, value]) => `${name}=${value}`)
      .join('; ');
  }

  async get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Visit> {
    return this.#send(url, { headers });
  }

  async post(
    url: string,
    form: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Visit> {
    return this.#send(url, { method: 'POST', body: new URLSearchParams(form), headers });
  }

  /** Goes where it is sent until an address begins with `until`, or there is nowhere to go. */
  async follow(visit: Visit, until: string): Promise<Visit> {
    let now = visit;
    while (now.location !== null && !now.location.startsWith(until)) now = await this.get(now.location);
    return now;
  }

  async #send(url: string, init: RequestInit): Promise<Visit> {
    const headers = new Headers(init.headers);
    const cookies = this.cookiesOf(url);
    if (cookies !== '') headers.set('cookie', cookies);
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) this.#keep(url, cookie);
    const location = response.headers.get('location');
    return {
      status: response.status,
      headers: response.headers,
      text: await response.text(),
      location: location === null ? null : new URL(location, url).href,
      url,
    };
  }

  #keep(url: string, cookie: string): void {
    const [pair = '', ...attributes] = cookie.split('; ');
    const [name = '', ...value] = pair.split('=');
    const { host } = new URL(url);
    const kept = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, kept);
    const gone = attributes.some((each) => /^max-age=0$|^expires=thu, 01 jan 1970/i.test(each));
    if (gone) kept.delete(name);
    else kept.set(name, value.join('='));
  }
}
