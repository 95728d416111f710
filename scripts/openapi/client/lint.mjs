// Checks an OpenAPI document with Redocly's linter, by the rules of redocly.yaml beside this script, and
// prints what it finds: node lint.mjs openapi.json

import { formatProblems, getTotals, lint, loadConfig } from "@redocly/openapi-core";

const config = await loadConfig({ configPath: "redocly.yaml" });
const problems = await lint({ ref: process.argv[2], config });
formatProblems(problems, { totals: getTotals(problems), format: "stylish", color: false });
process.exitCode = problems.length > 0 ? 1 : 0;
