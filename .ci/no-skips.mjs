/** Ends with an error when a test was skipped or a suite held none; prints the tally. */
import { readFileSync } from 'node:fs';

const results = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const skipped = results.numPendingTests + results.numTodoTests;
const empty = results.testResults.filter((file) => file.assertionResults.length === 0).map((file) => file.name);
console.log(`${results.numPassedTests} passed, ${results.numFailedTests} failed`);
if (skipped > 0 || empty.length > 0 || results.numPassedTests === 0) {
  console.error(`${skipped} tests were skipped, ${empty.length} files held none: ${empty.join(', ')}`);
  process.exit(1);
}
