// A reporter for `node --test` that writes what `go test -json` writes, one record per line, so that testrun reads one
// format. A test file is the package; nested tests are joined with a slash, as Go joins subtests.
import path from 'node:path';
import { inspect } from 'node:util';

const record = fields => `${JSON.stringify(fields)}\n`;
const seconds = details => (details?.duration_ms ?? 0) / 1000;

// The runner names a file relative to the working directory for output and absolute for tests.
const suiteOf = data => path.relative(process.cwd(), path.resolve(data.entryFile ?? data.file));

function reasonToSkip({ skip, todo }) {
  const mark = skip || todo;
  if (!mark) return undefined;
  return typeof mark === 'string' ? mark : skip ? 'skipped without a reason' : 'still to do';
}

export default async function* reporter(source) {
  const names = new Map(); // "file#id" of a test that started → its full name
  for await (const { type, data } of source) {
    if (!data?.file) continue; // the totals at the end
    const Package = suiteOf(data);
    if (type === 'test:stdout' || type === 'test:stderr') {
      yield record({ Action: 'output', Package, Output: data.message });
      continue;
    }
    if (type === 'test:summary') {
      yield record({ Action: data.success ? 'pass' : 'fail', Package, Elapsed: data.duration_ms / 1000 });
      continue;
    }
    if (!data.entryFile) {
      // This is the file itself, reported as a test only where it could not be run to its end.
      if (type === 'test:fail') yield record({ Action: 'fail', Package, Elapsed: seconds(data.details) });
      continue;
    }
    if (type === 'test:start') {
      const parent = names.get(`${Package}#${data.parentId}`);
      names.set(`${Package}#${data.testId}`, parent ? `${parent}/${data.name}` : data.name);
    }
    const Test = names.get(`${Package}#${data.testId}`);
    if (type === 'test:start') yield record({ Action: 'run', Package, Test });
    if (type !== 'test:pass' && type !== 'test:fail') continue;

    const Elapsed = seconds(data.details);
    const reason = reasonToSkip(data);
    if (reason !== undefined) {
      yield record({ Action: 'output', Package, Test, Output: `${reason}\n` });
      yield record({ Action: 'skip', Package, Test, Elapsed });
      continue;
    }
    const { error } = data.details;
    if (type === 'test:fail' && error?.failureType !== 'subtestsFailed') {
      yield record({ Action: 'output', Package, Test, Output: `${inspect(error?.cause ?? error)}\n` });
    }
    yield record({ Action: type === 'test:pass' ? 'pass' : 'fail', Package, Test, Elapsed });
  }
}
