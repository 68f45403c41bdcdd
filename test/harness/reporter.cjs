/**
 * Mocha's Spec reporter, which also appends what happens to the file HEADLIGHT_TEST_RESULTS, a JSON object a line.
 * A run that dies leaves what it had done, and no line `end`: so nobody takes half a run for a whole one.
 */
const { appendFileSync } = require('node:fs');
const Mocha = require('mocha');

const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_RUN_END } = Mocha.Runner.constants;

class RecordingReporter extends Mocha.reporters.Spec {
  /**
   * @param {Mocha.Runner} runner
   * @param {Mocha.MochaOptions} options
   */
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.HEADLIGHT_TEST_RESULTS;
    if (!file) return;
    const record = (/** @type {object} */ line) => appendFileSync(file, `${JSON.stringify(line)}\n`);
    const title = (/** @type {Mocha.Test | Mocha.Hook} */ test) => test.fullTitle();
    runner.on(EVENT_TEST_PASS, (test) => record({ event: 'pass', title: title(test), ms: test.duration }));
    runner.on(EVENT_TEST_PENDING, (test) => record({ event: 'pending', title: title(test) }));
    runner.on(EVENT_TEST_FAIL, (test, /** @type {unknown} */ error) =>
      record({
        event: 'fail',
        title: title(test),
        error: error instanceof Error ? error.stack : String(error),
      }),
    );
    runner.once(EVENT_RUN_END, () => record({ event: 'end' }));
  }
}

module.exports = RecordingReporter;
