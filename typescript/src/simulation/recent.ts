/** Keeps the values used last, by the digest of the object they come from: objects never change. */
export class Recent<V> {
  readonly #size: number;
  /** In the order of their use. */
  readonly #values = new Map<string, V>();

  constructor(size: number) {
    this.#size = size;
  }

  get(digest: string): V | undefined {
    const value = this.#values.get(digest);
    if (value !== undefined) {
      this.set(digest, value);
    }
    return value;
  }

  set(digest: string, value: V): void {
    this.#values.delete(digest);
    this.#values.set(digest, value);
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#size && oldest !== undefined) {
      this.#values.delete(oldest);
    }
  }
}
