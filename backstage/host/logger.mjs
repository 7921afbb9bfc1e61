import { createRequire } from 'node:module';

const LEVELS = ['error', 'warn', 'info', 'debug'];
/** The field of a line that is only tried. */
const TRIAL = Symbol('trial');

/**
 * Backstage's logger with one JSON object per line; level, meta and overrides are configured as ever.
 *
 * @param {object} framework
 * @param {NodeJS.Require} require
 * @param {object} config
 * @param {string} workspace
 * @param {(line: object) => void} heard called with each line that is logged, before it is written
 */
export function createLogger({ framework, require, config, workspace, heard }) {
  // Not a dependency of the bundle's own, so it is found from the package that has it.
  const { format, transports } = createRequire(require.resolve('@backstage/backend-defaults'))('winston');
  const listening = format((line) => {
    if (!line[TRIAL]) {
      heard(line);
      return line;
    }
    line[TRIAL].passed = true;
    return false;
  });
  const logger = framework.WinstonLogger.create({
    meta: { service: 'backstage', ...config.getOptional('backend.logger.meta'), workspace },
    level: config.getOptionalString('backend.logger.level') ?? 'info',
    format: format.combine(listening(), format.timestamp(), format.json()),
    transports: [new transports.Console()],
  });
  const override = () => logger.setLevelOverrides(levelOverrides(config));
  override();
  config.subscribe(override);
  return logger;
}

/** Whether the logger lets a line of this level and with these fields through. It is not written. */
export function passes(logger, level, fields) {
  const trial = { passed: false };
  logger[level]('', { ...fields, [TRIAL]: trial });
  return trial.passed;
}

function levelOverrides(config) {
  const entries = config.getOptionalConfigArray('backend.logger.overrides') ?? [];
  return entries.map((entry, i) => {
    const level = entry.getString('level');
    if (!LEVELS.includes(level)) {
      throw new Error(`backend.logger.overrides[${i}].level is ${level}, not one of ${LEVELS.join(', ')}`);
    }
    return { level, matchers: entry.getConfig('matchers').get() };
  });
}
