// Makes run documents out of those of real runs (honest.json, faulty.json): big.json, with 1,000 cases of which 50
// failed; hostile.json, in which every string that could come from a target is an attack; broken-off.json; empty.json.
// Usage: generate.mjs FOLDER
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const readRun = (name) => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
const copyOf = (value) => structuredClone(value);

/** Writes a document line by line, as `originproof run --save` does. */
function writeRun(name, { header, trials, summary }) {
  const events = trials.map((trial, index) => `\n${index ? "," : ""}${JSON.stringify(trial)}`).join("");
  const footer = summary ? `\n],"footer":${JSON.stringify(summary)}}\n` : "\n";
  writeFileSync(join(folder, `${name}.json`),
    `{"originproof_run":1,\n"header":${JSON.stringify(header)},"events":[${events}${footer}`);
}

function summaryOf(trials, profile = {}) {
  const summary = {
    profile, verdicts: {}, requests: 0, broken_clauses: {}, elapsed_ms: 2360, interrupted: false, halted: null,
    zones_left: 0, expectation_faults: [],
  };
  for (const { verdict, steps, findings } of trials) {
    summary.verdicts[verdict] = (summary.verdicts[verdict] ?? 0) + 1;
    summary.requests += steps.length;
    for (const { finding } of verdict === "expected" ? [] : findings) {
      summary.broken_clauses[finding.clause] ??= [finding.level, 0];
      summary.broken_clauses[finding.clause][1] += 1;
    }
  }
  return summary;
}

const isTrial = (event) => event.event === "trial-finished";
const honest = readRun("honest");
// A seed has more digits than a number of JavaScript.
honest.header.seed = 7;
const passing = honest.events.filter(isTrial);
const failing = readRun("faulty").events.filter((event) => isTrial(event) && event.verdict === "violates");

/** `count` trials, of which every `count / failures`-th failed in one of the ways there are. */
function trialsOf(count, failures) {
  const ways = ["violates", "violates", "deviates", "violates", "inconclusive", "broken", "violates"];
  const trials = [];
  for (let index = 0, failed = 0; index < count; index++) {
    const fails = Math.floor(((index + 1) * failures) / count) > failed;
    const trial = copyOf(fails ? failing[failed % failing.length] : passing[index % passing.length]);
    trial.id = `${trial.id}/${index}`;
    if (fails) {
      trial.verdict = ways[failed++ % ways.length];
      if (trial.verdict === "deviates") trial.findings.forEach(({ finding }) => { finding.level = "should"; });
      if (["inconclusive", "broken"].includes(trial.verdict)) {
        Object.assign(trial, { findings: [], exchanges: [], reason: "request 2 was answered with 503, four times" });
      }
    } else if (index % 23 === 5) {
      Object.assign(trial, { verdict: "skipped", reason: "the target lacks fault-injection", steps: [] });
    }
    trials.push(trial);
  }
  return trials;
}

const headerOf = (trials) =>
  ({ ...copyOf(honest.header), selected: trials.length, planned: trials.map(({ id }) => id) });

const big = trialsOf(1000, 50);
writeRun("big", { header: headerOf(big), trials: big, summary: summaryOf(big, honest.footer.profile) });

// ---- The hostile one. Whatever runs says so, in `window.attacked` or by a dialog.
const SCRIPT = "</script><img src=x onerror=\"window.attacked=1;alert(1)\">";
const ATTACKS = [
  SCRIPT,
  "</SCRIPT ><script>window.attacked=2</script>",
  "<!--<script>",
  "]]><svg onload=window.attacked=3>",
  "\" onmouseover=window.attacked=4 autofocus onfocus=window.attacked=4 x=\"",
  "'><iframe srcdoc='<script>parent.attacked=5</script>'></iframe>",
  "javascript:window.attacked=6",
  "<link rel=stylesheet href=http://192.0.2.1/x.css><base href=http://192.0.2.1/>",
  "<style>@import 'http://192.0.2.1/x.css';*{background:url(http://192.0.2.1/x)}</style>",
  "</style></title></textarea></noscript><img src=http://192.0.2.1/x.png>",
  "{{ 1234567 * 7654321 }} {% raw %} ${1234567 * 7654321} <%= 1234567 * 7654321 %>",
  "a\u2028b\u2029c",
  "\u202egnp.exe\u202c \u2066x\u2069 \u200b",
  "\u0000 \u001b[31m \u0007",
  "__proto__",
  "constructor",
  "W".repeat(400),
];
// What names a thing of our own stays as it is.
const OURS = new Set(["event", "verdict", "level", "version", "started", "method", "kind", "part", "evidence", "ip"]);

let next = 0;
function poisoned(value, name) {
  if (typeof value === "string") return OURS.has(name) ? value : `${ATTACKS[next++ % ATTACKS.length]} ${value} ${SCRIPT}`;
  if (Array.isArray(value)) return value.map((item) => poisoned(item, name));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, poisoned(member, key)]));
}

const BODIES = [
  "\"".repeat(100_000),
  "[".repeat(6_000) + "]".repeat(6_000),
  `{"a":${JSON.stringify(SCRIPT)},"\\u202e/~k":"${"x".repeat(100_000)}","</script>":[${JSON.stringify(SCRIPT)},{"__proto__":1}],"n":12345678901234567890123}`,
  "<html><body onload=window.attacked=7><script>window.attacked=8</script></body></html>",
];
const PLACES = ["/\u202e~1~0k", "/</script>/0", "/nothing/there", `header ${SCRIPT}`, "", "status", `/${SCRIPT}`];
const hostile = trialsOf(120, 40).map((trial, index) => {
  const bad = poisoned(trial);
  bad.observations.push({ clause: `K ${SCRIPT}`, seen: SCRIPT });
  bad.exchanges.forEach((exchange) => { exchange.response_body = BODIES[index % BODIES.length]; });
  bad.findings.forEach(({ finding }, number) => {
    finding.at = PLACES[(index + number) % PLACES.length];
    if (number === 0) {
      const expected = `${"a".repeat(50_000)} X ${"b ".repeat(25_000)}`;
      const found = `${"a".repeat(50_000)} Y ${"b ".repeat(25_000)}`;
      Object.assign(finding, { expected, found, what: { kind: "value", expected, found } });
    }
  });
  return bad;
});
const header = { ...poisoned(copyOf(honest.header)), selected: hostile.length, planned: hostile.map(({ id }) => id), settings: {} };
const summary = { ...summaryOf(hostile), halted: SCRIPT, expectation_faults: [SCRIPT] };
writeRun("hostile", { header, trials: hostile, summary });

const begun = trialsOf(60, 3);
writeRun("broken-off", { header: headerOf(begun), trials: begun.slice(0, 23), summary: null });
writeRun("empty", { header: headerOf([]), trials: [], summary: summaryOf([]) });
