/**
 * A failure with a code of the control protocol: load_failed, boot_failed, push_failed, bad_request or wrong_state.
 * `plugin` is the npm package at fault, where one can be named.
 */
export class Failure extends Error {
  constructor(code, message, plugin) {
    super(message);
    this.code = code;
    this.plugin = plugin;
  }

  /** The failure as an answer carries it. An absent plugin is left out by JSON. */
  toJSON() {
    return { code: this.code, plugin: this.plugin, message: this.message };
  }
}

/** What Backstage puts before a reason, once for each of the services through which it reached a plugin. */
const SERVICES = /^(?:Failed to instantiate service '[^']*'(?: for '[^']*')? because [^,]* threw an error, (\w+: )?)+/;

/**
 * Puts an error and its causes in words. Backstage's own errors already quote their causes, others do not; an error
 * without a message (a refused connection to a name with several addresses) has its parts or its code in place of one.
 */
export function describe(error) {
  if (!(error instanceof Error) && typeof error?.message !== 'string') return String(error);
  // Where a module was looked for, and from which files, is the machine's business.
  const own = error.message.split('\nRequire stack:')[0].replace(SERVICES, '');
  const message = own || error.errors?.map(describe).join(', ') || error.code || error.name;
  const cause = error.cause ? describe(error.cause) : '';
  return cause && !message.includes(cause) ? `${message}; caused by ${cause}` : message;
}

/**
 * One Failure out of what was found wrong with several packages, in the order in which it happened. All are in the
 * message; the first package is the one at fault.
 *
 * @param {'load_failed'|'boot_failed'} code
 * @param {{plugin?: string, message: string}[]} findings at least one
 */
export function failureOf(code, findings) {
  const [first, ...others] = findings;
  if (others.length === 0) return new Failure(code, first.message, first.plugin);
  return new Failure(code, findings.map((f) => `${f.plugin}: ${f.message}`).join('\n'), first.plugin);
}

/**
 * Turns what a failed `backend.start()` threw into a Failure.
 *
 * Backstage gives a result per plugin and module (BackendStartupError); which package that is, `owners` knows. When
 * different plugins all failed for the same reason, a database that cannot be reached for example, none is at fault.
 */
export function bootFailure(error, owners) {
  if (error instanceof Failure) return error;
  if (!Array.isArray(error?.result?.plugins)) return new Failure('boot_failed', describe(error));

  const failures = error.result.plugins
    .flatMap(({ pluginId, failure, resultAt, modules }) => [
      { pluginId, failure, resultAt },
      ...modules.map((m) => ({ pluginId, ...m })),
    ])
    .filter(({ failure }) => failure && !failure.allowed)
    .sort((a, b) => a.resultAt - b.resultAt);
  if (failures.length === 0) return new Failure('boot_failed', describe(error));

  const findings = failures.map((f) => finding(f, owners));
  const shared = sharedReason(failures);
  if (shared) return new Failure('boot_failed', `${shared} (${atMost(3, findings.map((f) => f.plugin))})`);
  return failureOf('boot_failed', findings);
}

/** The package behind a failed plugin or module. The last one that claimed the id is the one too many. */
function finding({ pluginId, moduleId, failure }, owners) {
  const packages = owners.of(pluginId, moduleId);
  const id = moduleId ? `module ${moduleId} of plugin ${pluginId}` : `plugin ${pluginId}`;
  const claims = packages.length > 1 ? ` (${id} is in ${packages.join(' and in ')})` : '';
  return { plugin: packages.at(-1) ?? id, message: describe(failure.error) + claims };
}

/** The reason that at least two plugins all have in common, or undefined. The plugin's own id in it does not count. */
function sharedReason(failures) {
  if (new Set(failures.map((f) => f.pluginId)).size < 2) return undefined;
  const reasons = failures.map((f) => describe(f.failure.error));
  const anonymous = reasons.map((reason, i) => reason.replaceAll(`'${failures[i].pluginId}'`, ''));
  return new Set(anonymous).size === 1 ? reasons[0] : undefined;
}

function atMost(n, names) {
  const rest = names.length - n;
  return names.slice(0, n).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
