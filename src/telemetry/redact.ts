/**
 * Redaction by value: a secret is registered when it is born or read, and from then on its text is replaced wherever a
 * log line would show it, whatever field it hides in. Names of fields are not trusted to tell.
 */

const mask = '[secret]';
/** Shorter values would blot out ordinary words. */
const shortestSecret = 6;

export class Redactor {
  readonly #secrets = new Set<string>();

  /** Remembers a secret and the forms it takes in URLs and JSON. Idempotent; values under 6 characters are ignored. */
  register(secret: string): void {
    if (secret.length < shortestSecret) return;
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      this.#secrets.add(form);
    }
  }

  /** Forgets a secret that no longer opens anything, so that the list does not grow for ever. */
  forget(secret: string): void {
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      this.#secrets.delete(form);
    }
  }

  /** The text with every known secret masked. */
  redact(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) {
      if (clean.includes(secret)) clean = clean.replaceAll(secret, mask);
    }
    return clean;
  }
}
