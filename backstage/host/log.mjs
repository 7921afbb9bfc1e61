/** Writes one line about something that went wrong in the host itself, in the form that Backstage's own lines have. */
export function logError(message, error) {
  const line = { level: 'error', service: 'host', message, stack: error?.stack, timestamp: new Date().toISOString() };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}
