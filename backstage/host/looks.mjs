import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { describe } from './failure.mjs';
import { passes } from './logger.mjs';
import { markLevel } from './marks.mjs';
import { statusOf } from './port.mjs';

/** The waits between two looks at something that is not yet to be seen. */
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 100;
/** How long an answer may take. No answer says that the machine is busy, not that there is no effect. */
const ANSWER_MS = 10_000;

/** The catalog's name for what it has from catalog.locations. */
const CONFIG_PROVIDER = 'ConfigLocationProvider';

/**
 * Looks whether the running Backstage does what its config asks for. Each look is repeated until it sees it or its time
 * is over; none changes anything or reaches a server that the config points to.
 */
export class Looks {
  #inside;
  #kinds = { routes, route, no_route: noRoute, locations, overrides, value };

  /** @param {object} inside the Backstage that is looked into: see Inside */
  constructor(inside) {
    this.#inside = inside;
  }

  /**
   * What was not seen in time, and why.
   *
   * @param {{path: string, kind: string, route?: string, withinMs: number}[]} looks
   * @param {object} before the config before
   * @param {object} after the config now
   * @returns {Promise<{path: string, why: string}[]>}
   */
  async unseen(looks, before, after) {
    const found = await Promise.all(looks.map(async (look) => {
      const why = await this.#untilSeen(look, before, after);
      return why && { path: look.path, why };
    }));
    return found.filter(Boolean);
  }

  /**
   * The look's time counts only the waits between looks: where the machine or this process is busy for seconds, looks
   * take long and waits end late, and that says nothing of the effect.
   */
  async #untilSeen(look, before, after) {
    let left = look.withinMs;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 1.5, LONGEST_WAIT_MS)) {
      const why = await this.#look(look, before, after);
      if (!why || left <= 0) return why;
      await pause(Math.min(wait, left));
      left -= wait;
    }
  }

  /** Why it is not to be seen now, in words; undefined when it is. */
  async #look(look, before, after) {
    const kind = this.#kinds[look.kind];
    if (!kind) return `this process knows no look ${JSON.stringify(look.kind)}`;
    try {
      return await kind(this.#inside, look, before, after);
    } catch (error) {
      return describe(error);
    }
  }
}

/** The mark is the last route, so all were built. */
async function routes(inside) {
  const status = await statusOfRoute(inside, inside.marks.route);
  return status === 400 ? undefined : `the proxy did not build its routes from it: the last one answers ${status}`;
}

async function route(inside, { route }) {
  const status = await statusOfRoute(inside, route);
  return status === 400 ? undefined : `the proxy does not have the route ${route}: it answers ${status}`;
}

async function noRoute(inside, { route }) {
  const status = await statusOfRoute(inside, route);
  return status === 404 ? undefined : `the proxy still has the route ${route}: it answers ${status}`;
}

/** Each route refuses a path with ".." by itself, with 400; what has no route is 404. So nothing leaves the process. */
async function statusOfRoute(inside, route) {
  const { auth } = inside.of('proxy');
  const onBehalfOf = await auth.getOwnServiceCredentials();
  const { token } = await auth.getPluginRequestToken({ onBehalfOf, targetPluginId: 'proxy' });
  const path = `/api/proxy${route.replace(/\/$/, '')}/%2e%2e`;
  return statusOf(inside.port, path, ANSWER_MS, { authorization: `Bearer ${token}` });
}

async function locations(inside, _look, before, after) {
  const [old, current] = [entityRefs(before), entityRefs(after)];
  const added = current.difference(old);
  const removed = old.difference(current);
  const { database } = inside.of('catalog');
  const client = await database.getClient();
  const rows = await client('refresh_state_references')
    .whereIn('target_entity_ref', [...added, ...removed])
    .select('source_key', 'target_entity_ref');
  const known = new Set(rows.map((row) => row.target_entity_ref));
  const kept = new Set(rows.filter((row) => row.source_key === CONFIG_PROVIDER).map((row) => row.target_entity_ref));
  const missing = added.difference(known).size;
  const left = removed.intersection(kept).size;
  if (missing > 0) return `the catalog does not have ${missing} of the ${added.size} locations that were added`;
  if (left > 0) return `the catalog still has ${left} of the ${removed.size} locations that were removed`;
  return undefined;
}

/** The names of the entities that the catalog makes of locations in its config. */
function entityRefs(config) {
  const refs = (config.catalog?.locations ?? []).map(({ type, target }) => {
    const place = type === 'file' ? resolve(target) : target;
    return `location:default/generated-${createHash('sha1').update(`${type}:${place}`).digest('hex')}`;
  });
  return new Set(refs);
}

function overrides(inside, _look, _before, after) {
  const wanted = markLevel(after.backend?.logger) === 'debug';
  return passes(inside.logger, 'debug', inside.marks.fields) === wanted
    ? undefined
    : 'the logger does not treat lines as the overrides have it';
}

function value(inside, { path }, _before, after) {
  const wanted = path.split('.').reduce((parent, key) => parent?.[key], after) ?? undefined;
  return isDeepStrictEqual(inside.config.getOptional(path), wanted)
    ? undefined
    : 'whoever reads it does not get the new value';
}
