/** A person at the simulator's page: finds things by what they read there, and does everything by clicks and keys. */
import type { Browser, Locator, Page } from 'playwright-core';

export interface Look {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  /** What must be there before the visitor begins: by default the list, which shows that the page has read the portal. */
  readonly sign?: string;
}

/** Disposing it closes the window. */
export class Visitor implements AsyncDisposable {
  readonly page: Page;
  /** What the browser complained about: errors of scripts, refused loads. */
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
  }

  static async arrive(browser: Browser, url: string, look: Look = {}): Promise<Visitor> {
    const { colorScheme = 'light', width = 1280, sign = '#products > *' } = look;
    const visitor = new Visitor(await browser.newPage({ colorScheme, viewport: { width, height: 800 } }));
    visitor.page.setDefaultTimeout(15_000);
    await visitor.page.goto(url);
    await visitor.page.locator(sign).first().waitFor();
    return visitor;
  }

  /** The box of one product. */
  product(name: string): Locator {
    const title = this.page.locator('summary .name').getByText(name, { exact: true });
    return this.page.locator('details').filter({ has: title });
  }

  /** A product's line about a consumer that asked one of its ports, or about an input that it asked for. */
  line(product: string, other: string): Locator {
    return this.product(product).locator('.row').filter({ hasText: other }).last();
  }

  async createProduct(name: string, namespace?: string): Promise<void> {
    await this.press(this.page, 'New product');
    await this.#fillNames(name, namespace);
    await this.confirm('Create');
    await this.product(name).waitFor();
  }

  async createPort(product: string, name: string): Promise<void> {
    await this.press(this.product(product), 'New output port');
    await this.#fillNames(name);
    await this.confirm('Create');
    await this.product(product).locator('.port').filter({ hasText: name }).waitFor();
  }

  async requestAccess(consumer: string): Promise<void> {
    await this.press(this.product(consumer), 'Request access');
    await this.dialog().getByLabel('Why').fill('The report needs it.');
    await this.confirm('Request');
  }

  async press(where: Page | Locator, button: string): Promise<void> {
    await where.getByRole('button', { name: button, exact: true }).click();
  }

  dialog(): Locator {
    return this.page.getByRole('dialog');
  }

  /** Presses the dialog's last word and waits until it is closed. */
  async confirm(button: string): Promise<void> {
    await this.press(this.dialog(), button);
    await this.dialog().waitFor({ state: 'hidden' });
  }

  /** Begins anew with a clock that stands still: the page sees what happens behind its back only when told to. */
  async stopClock(): Promise<void> {
    await this.page.clock.install({ time: 0 });
    await this.page.reload();
    await this.page.clock.pauseAt(600_000);
  }

  /** Lets the stopped clock go on until it has read the portal anew, twice to be sure of the first. */
  async readAgain(): Promise<void> {
    for (let time = 0; time < 2; time += 1) {
      const answered = this.page.waitForResponse((response) => response.url().endsWith('/simulator'));
      await this.page.clock.runFor(2000);
      await answered;
    }
  }

  async #fillNames(name: string, namespace?: string): Promise<void> {
    await this.dialog().getByLabel('Name', { exact: true }).fill(name);
    const field = this.dialog().getByLabel('Namespace');
    if (namespace !== undefined) await field.fill(namespace);
    // Without one the portal proposes it.
    await this.page.waitForFunction(() => document.querySelector('input[name=namespace]:valid') !== null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.close();
  }
}
