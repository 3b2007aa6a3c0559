/**
 * Redaction by value: a secret is registered when it is born or read, and from then on its text is replaced wherever a
 * log line would show it, whatever field it hides in. Names of fields are not trusted to tell.
 */

const mask = '[secret]';
/** Shorter values would blot out ordinary words. */
const shortestSecret = 6;

export class Redactor {
  /** Form of a secret → for how many it is one: runs beside one another may work with the same key. */
  readonly #secrets = new Map<string, number>();

  /** Remembers a secret and the forms it takes in URLs and JSON. Values under 6 characters are ignored. */
  register(secret: string): void {
    if (secret.length < shortestSecret) return;
    for (const form of formsOf(secret)) this.#secrets.set(form, (this.#secrets.get(form) ?? 0) + 1);
  }

  /** Forgets a secret, so that the list does not grow for ever, once as often as it was registered. */
  forget(secret: string): void {
    for (const form of formsOf(secret)) {
      const left = (this.#secrets.get(form) ?? 0) - 1;
      if (left > 0) this.#secrets.set(form, left);
      else this.#secrets.delete(form);
    }
  }

  /** The text with every known secret masked. */
  redact(text: string): string {
    let clean = text;
    for (const secret of this.#secrets.keys()) {
      if (clean.includes(secret)) clean = clean.replaceAll(secret, mask);
    }
    return clean;
  }
}

function formsOf(secret: string): ReadonlySet<string> {
  return new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]);
}
