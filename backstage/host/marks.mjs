/**
 * What the host adds of its own to the config that it gives to Backstage, for looks alone: a route that leads nowhere and
 * an override that matches no line of anybody's, both named anew for every look.
 *
 * The route is the last, because the proxy builds its routes in order and can fail on the way: with this one it has all.
 * The override is the first, because of those that match a line the first one counts.
 */
export class Marks {
  #route = 0;
  #override = 0;

  /** The config with the marks in it. Marks that no look asks for stay as they are, so that nobody is told of a change. */
  into(config, looks) {
    if (looks.some(({ kind }) => kind === 'routes')) this.#route++;
    if (looks.some(({ kind }) => kind === 'overrides')) this.#override++;
    let marked = config;
    if (this.#route > 0) marked = { ...marked, proxy: this.#withRoute(marked.proxy) };
    if (this.#override > 0) marked = { ...marked, backend: this.#withOverride(marked.backend) };
    return marked;
  }

  /** The newest mark among the proxy's routes. */
  get route() {
    return `/.orbit/${this.#route}`;
  }

  /** The fields of a line that the newest mark among the overrides matches. */
  get fields() {
    return { 'orbit.look': String(this.#override) };
  }

  /** In the place that the proxy reads. No method is allowed, so it proxies nothing. */
  #withRoute(proxy) {
    const route = { [this.route]: { target: 'http://127.0.0.1', allowedMethods: [] } };
    const { endpoints } = proxy ?? {};
    const deprecated = !endpoints && Object.keys(proxy ?? {}).some((key) => key.startsWith('/'));
    return deprecated ? { ...proxy, ...route } : { ...proxy, endpoints: { ...endpoints, ...route } };
  }

  #withOverride(backend) {
    const logger = backend?.logger;
    const mark = { matchers: this.fields, level: markLevel(logger) };
    return { ...backend, logger: { ...logger, overrides: [mark, ...(logger?.overrides ?? [])] } };
  }
}

/** The level of the override that is a mark: one that makes a difference to a line of level debug. */
export function markLevel(logger) {
  return logger?.level === 'debug' ? 'error' : 'debug';
}
