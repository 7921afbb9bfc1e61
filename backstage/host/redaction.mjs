const MASK = '***';

/**
 * Masks secret values in whatever this process writes to its log.
 *
 * Backstage would mask what the packages' config schemas call secret. Loading those costs most of a second and about
 * 100 MB, and misses the secrets of packages without a schema; orbitd knows the values.
 */
export class Redaction {
  #values = new Set();
  #pattern;

  /** Adds values. Earlier ones stay: a connection can use a secret long after the config has another. */
  add(values) {
    for (const value of values) {
      const trimmed = value.trim();
      // A single character would mask every line of the log. It is Backstage's own bound.
      if (trimmed.length <= 1) continue;
      // As it is, inside a JSON string, inside a URL.
      this.#values.add(trimmed);
      this.#values.add(JSON.stringify(trimmed).slice(1, -1));
      this.#values.add(encodeURIComponent(trimmed));
    }
    // The longest first, or a secret that contains another would be masked in part.
    const longestFirst = [...this.#values].sort((a, b) => b.length - a.length);
    if (longestFirst.length > 0) this.#pattern = new RegExp(longestFirst.map(RegExp.escape).join('|'), 'g');
  }

  /** The text without the secrets. */
  mask(text) {
    return this.#pattern ? text.replace(this.#pattern, MASK) : text;
  }

  /** Masks everything written to the stream from now on, whoever writes it: a logger, console, a warning of Node's. */
  guard(stream) {
    const write = stream.write.bind(stream);
    stream.write = (chunk, ...rest) => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      return write(this.mask(text), ...rest);
    };
    // A log that cannot be written, on a full disk for example, is no reason to end an instance that serves.
    stream.on('error', () => {});
  }
}
