// Draws the report of one run from the JSON in #run-data.
//
// The server under test wrote much of that JSON and may be hostile. It reaches the page only as text
// and as plain attributes: nothing here parses HTML, and the only URLs that are built are `#…`.
"use strict";
(() => {
  // In the order of the list, failures first. Their signs and colours are in the style sheet.
  const VERDICTS = ["violates", "deviates", "broken", "inconclusive", "not-run", "expected", "skipped", "conforms"];
  const FAILURES = VERDICTS.slice(0, 4);
  const CAUSES_OPEN = 1;
  const CLAUSE_WORDS = {
    conforms: "kept", violates: "broken", deviates: "a should is not kept",
    expected: "broken as expected", observed: "left open; observed", unjudged: "not judged",
  };
  const CODE_WORDS = {
    seen: "seen in an answer", tested: "tested, not seen", untested: "not tested", na: "not in the contract",
  };
  const VERBS = { must: "violates", should: "deviates from", may: "notes" };
  const FILTERS = ["q", "verdict", "clause", "operation", "family", "cause"];
  const EMPTY_RUN = {
    suite: "originproof", target: "", capabilities: [], notes: [], complete: true, counts: {}, coverage: {},
    clauses: [], operations: [], codes: [], matrix: [], causes: [], cases: [],
  };

  const byId = (id) => document.getElementById(id);
  let run = EMPTY_RUN;
  /** One entry per case, in the order of the list: `{ item, li, details, summary, clauses, text }`. */
  let rows = [];
  const casesByCause = new Map();

  // ---- Elements and text
  // Characters that hide, reorder or break text are shown as escapes, so that a reader sees what was
  // sent. Line feeds and tabs stay.
  function visible(text) {
    return String(text).replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (hidden) => {
      const hex = hidden.codePointAt(0).toString(16);
      return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
    });
  }

  /** An element such as `span.sign`; attributes are optional, and children that are null are left out. */
  function el(kind, ...children) {
    const [tag, ...classes] = kind.split(".");
    const element = document.createElement(tag);
    element.classList.add(...classes);
    const hasAttributes = children[0] && Object.getPrototypeOf(children[0]) === Object.prototype;
    for (const [name, value] of Object.entries(hasAttributes ? children.shift() : {})) {
      element.setAttribute(name, name === "title" || name === "aria-label" ? visible(value) : value);
    }
    for (const child of children.flat(3)) {
      if (child !== null && child !== undefined) element.append(child instanceof Node ? child : visible(child));
    }
    return element;
  }

  function button(kind, attributes, onClick, ...children) {
    const element = el(kind, { type: "button", ...attributes }, ...children);
    element.addEventListener("click", () => onClick(element));
    return element;
  }

  const number = (value) => Number(value ?? 0).toLocaleString("en");
  const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
  const tableHead = (...names) => el("thead", el("tr", names.flat().map((name) => el("th", { scope: "col" }, name))));
  const filterHash = (name, value) => `#${new URLSearchParams([[name, value]])}`;
  const filterLink = (name, value) => el("a.code", { href: filterHash(name, value) }, value);

  function duration(us) {
    if (us < 1e6) return `${(us / 1e3).toFixed(us < 1e4 ? 1 : 0)} ms`;
    return us < 6e7 ? `${(us / 1e6).toFixed(2)} s` : `${Math.floor(us / 6e7)} min ${Math.floor((us % 6e7) / 1e6)} s`;
  }

  // A page that was opened from a file may not have access to the clipboard; the selection is then copied.
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const focused = document.activeElement;
      const area = el("textarea.unseen");
      area.value = text;
      document.body.append(area);
      area.select();
      const isCopied = document.execCommand("copy");
      area.remove();
      focused?.focus();
      return isCopied;
    }
  }

  function copyButton(text, what) {
    return button("button.copy", { "aria-label": `Copy: ${what}` }, async (element) => {
      element.textContent = (await copy(text)) ? "Copied" : "Not copied";
      byId("status").textContent = `${element.textContent}: ${what}`;
      setTimeout(() => { element.textContent = "Copy"; }, 1500);
    }, "Copy");
  }

  // ---- Summary
  const clausesThat = (verdict) => run.clauses.filter((clause) => clause.verdict === verdict).length;

  /** Returns the outcome as a tone and in words. Results against the target come first. */
  function outcome() {
    const { conforms = 0, violates = 0, deviates = 0, expected = 0, inconclusive = 0, broken = 0 } = run.counts;
    const musts = clausesThat("violates");
    if (musts > 0) return ["bad", `Does not conform: ${counted(musts, "must clause")} broken`];
    if (violates > 0) return ["bad", `Does not conform: ${counted(violates, "case")} violated`];
    if (conforms + deviates + expected === 0) return ["open", "Could not be judged"];
    if (!run.complete) return ["open", "Not judged in full: the run was broken off"];
    if (broken > 0) return ["open", `Not judged in full: ${counted(broken, "case")} at fault`];
    if (inconclusive > 0) return ["open", `Not judged in full: ${counted(inconclusive, "case")} inconclusive`];
    if (expected > 0) return ["warn", `Fails only as expected: ${counted(expected, "case")}`];
    if (deviates > 0) return ["warn", `Conforms, but for ${counted(clausesThat("deviates"), "should clause")}`];
    return ["good", "Conforms"];
  }

  function drawSummary() {
    const [tone, words] = outcome();
    byId("verdict").textContent = words;
    byId("summary").dataset.tone = tone;
    byId("suite").textContent = visible(run.suite);
    byId("target").textContent = visible(run.target);
    byId("broken-off").hidden = Boolean(run.complete);
    drawCounts();
    drawFacts();
    byId("notes").append(...run.notes.map((note) => el("li", note)));
    byId("footer").append(el("p", `${run.suite} · contract ${run.suite_hash} · seed ${run.seed}`));
  }

  function drawCounts() {
    for (const element of byId("counts").querySelectorAll("button")) {
      const verdict = element.dataset.count;
      const count = run.counts[verdict] ?? 0;
      element.parentElement.hidden = count === 0;
      element.querySelector("b").textContent = number(count);
      element.addEventListener("click", () => choose("verdict", verdict));
      const part = byId("bar").appendChild(el("span", { "data-verdict": verdict }));
      part.style.flexGrow = count;
      part.hidden = count === 0;
    }
  }

  function drawFacts() {
    const share = ({ judged = 0, of = 0 } = {}) => `${number(judged)} of ${number(of)} judged`;
    const facts = [
      ["Must clauses", share(run.coverage.must)],
      ["Should clauses", share(run.coverage.should)],
      ["Requests", number(run.requests)],
      ["Took", duration((run.elapsed_ms ?? 0) * 1000)],
      ["Started", run.started?.replace(/\.\d+/, "")],
      ["Compared with", run.against],
      ["The target has", run.capabilities.join(", ") || "no capabilities"],
    ];
    byId("facts").append(...factList(facts));
  }

  const factList = (facts) => facts.filter(([, value]) => value?.length)
    .map(([name, value]) => el("div", el("dt", name), el("dd", value)));

  // ---- Causes
  const causeAnchor = (id) => `cause-${id}`;

  function causeRow(cause, index) {
    const summary = el("summary",
      el("span.verdict", { "data-verdict": cause.level === "must" ? "violates" : "deviates" }, cause.level),
      el("span.id", cause.clause), el("span.title", cause.says),
      el("span.took", counted(cause.cases.length, "case")));
    const details = el("details.cause", { id: causeAnchor(cause.id), "data-cause": cause.id }, summary);
    details.addEventListener("toggle", () => drawCause(details, cause));
    details.open = index < CAUSES_OPEN;
    return el("li", details);
  }

  function drawCause(details, cause) {
    if (!details.open || details.childElementCount > 1) return;
    const { finding, exchange } = cause;
    const others = Object.entries(cause.clauses).filter(([id]) => id !== cause.clause);
    const links = others.map(([id, cases], index) => [index ? ", " : null, filterLink("clause", id), ` (${cases})`]);
    const seen = cause.cases.length;
    const mended = cause.alone === 0 ? "; none would conform if only this were fixed"
      : cause.alone < seen ? `, ${number(cause.alone)} of which would conform without it`
        : seen === 1 ? "; it would conform without this" : "; all would conform without this";
    const facts = [
      ["Seen in", [el("a", { href: filterHash("cause", cause.id) }, counted(seen, "case")), mended]],
      ["Answers of", cause.operations.join(", ")],
      ["Breaks as well", links],
      ["Simplest evidence", [el("a.code", { href: filterHash("case", cause.witness) }, cause.witness)]],
      ["Name", [el("a.code", { href: `#${causeAnchor(cause.id)}` }, cause.id), " ", copyButton(cause.id, "the cause's name")]],
    ];
    details.append(el("div.body",
      el("section.finding", { "data-level": cause.level },
        el("p.says", el("span.source", `[${cause.source}]`)),
        finding ? findingView(finding, { steps: [] }) : null),
      el("dl.facts", factList(facts)),
      exchange ? titled("Exchange", [exchangeView({ ...exchange, curl: null }, [finding])]) : null,
      titled("By hand", [snippet("The requests that show it", cause.by_hand)])));
  }

  function drawCauses() {
    const section = byId("causes");
    section.hidden = run.causes.length === 0;
    document.querySelector('nav a[href="#causes"]').hidden = section.hidden;
    const failing = new Set(run.causes.flatMap(({ cases }) => cases)).size;
    byId("causes-hint").textContent = run.causes.length === 0 ? ""
      : `${counted(run.causes.length, "cause")} ${run.causes.length === 1 ? "explains" : "explain"} ${counted(failing, "case")} that ${failing === 1 ? "fails" : "fail"}.`
        + (run.causes.length > 1 ? " Mend the first one first." : "")
        + (run.counts.inconclusive ? ` ${counted(run.counts.inconclusive, "case")} could not be judged.` : "");
    byId("cause-list").append(...run.causes.map(causeRow));
  }

  // ---- Clauses and codes
  function clauseCell(clause) {
    const { id, family, level, verdict } = clause;
    const says = `${id} (${level}): ${CLAUSE_WORDS[verdict]}. ${clause.says} [${clause.source}]`;
    return button("button.cell", {
      title: says, "aria-label": says, "data-clause": id, "data-verdict": verdict, "data-level": level,
    }, () => choose("clause", id), id.replace(`${family}-`, ""));
  }

  function drawClauses() {
    for (const [family, clauses] of Map.groupBy(run.clauses, (clause) => clause.family)) {
      byId("families").append(el("div.family", { role: "group", "aria-label": family },
        el("h3", family), el("div.cells", clauses.map(clauseCell))));
    }
  }

  function codeCell(cell) {
    const state = cell?.state ?? "na";
    const words = CODE_WORDS[state];
    const title = cell ? `${cell.operation} ${cell.code}: ${words}. ${cell.why}` : words;
    return el("td", { title, "data-state": state }, el("span.unseen", words));
  }

  function drawCodes() {
    const cells = new Map(run.matrix.map((cell) => [`${cell.operation} ${cell.code}`, cell]));
    const line = (operation) => el("tr", el("th", { scope: "row" },
      button("button.plain", { "data-operation": operation }, () => choose("operation", operation), operation)),
    run.codes.map((code) => codeCell(cells.get(`${operation} ${code}`))));
    byId("codes").hidden = run.matrix.length === 0;
    byId("matrix").append(tableHead("Operation", run.codes), el("tbody", run.operations.map(line)));
    drawGaps(run.matrix.filter((cell) => cell.state === "untested"));
  }

  // Touch screens and paper have no tooltips, so the codes that were not tested are also listed as text.
  function drawGaps(gaps) {
    byId("gaps").hidden = gaps.length === 0;
    byId("gaps").append(el("dl", [...Map.groupBy(gaps, (cell) => cell.why)].map(([why, list]) =>
      [el("dt", why || "no reason given"), list.map((cell) => el("dd.code", `${cell.operation} ${cell.code}`))])));
  }

  // ---- The list of cases
  function caseRow(item) {
    // Members that the data leaves out get their empty value here, so that the code below need not check.
    item = { verdict: "conforms", clauses: [], operations: [], findings: [], steps: [], exchanges: [], observations: [], ...item };
    const text = (one) => (typeof one === "number" ? run.texts[one] : one);
    [item.title, item.given, item.clauses] = [text(item.title), text(item.given), item.clauses.map(text)];
    item.operations = item.operations.map((one) => (typeof one === "number" ? run.operations[one] : one));
    item.file ??= `cases/${item.id.split("/").slice(0, 2).join("/")}.yaml`;
    const cited = [...item.findings, ...item.observations].map((entry) => entry.clause);
    const broken = [...new Set(item.findings.map((finding) => finding.clause))];
    const summary = el("summary",
      el("span.verdict", { "data-verdict": item.verdict }, item.verdict.replace("-", " ")),
      el("span.id", item.id),
      el("span.title", item.title, item.reason ? `: ${item.reason}` : null, broken.map((id) => [" ", el("span.broken", id)])),
      el("span.took", duration(item.elapsed_us ?? 0)));
    const details = el("details.case", { "data-case": item.id, "data-verdict": item.verdict }, summary);
    return { item, details, summary, li: el("li", details), clauses: new Set([...item.clauses, ...cited]), text: null };
  }

  function drawCases() {
    const rank = (item) => VERDICTS.indexOf(item.verdict ?? "conforms");
    rows = [...run.cases].sort((a, b) => rank(a) - rank(b)).map(caseRow);
    byId("case-list").append(...rows.map((row) => row.li));
    // One listener for all cases: `toggle` does not bubble, but it can be captured.
    byId("case-list").addEventListener("toggle", (event) => {
      const row = rows.find(({ details }) => details === event.target);
      if (row?.details.open) drawBody(row);
    }, true);
  }

  // Bodies hold most of a report's elements, so each is drawn when its case is first opened.
  function drawBody(row) {
    row.details.open = true;
    if (row.details.childElementCount > 1) return;
    row.details.append(caseBody(row.item));
    for (const pre of row.details.querySelectorAll("pre:has(mark)")) {
      pre.scrollTop = pre.querySelector("mark.inner, mark").offsetTop - pre.clientHeight / 3;
    }
  }

  const familyOf = (item) => item.id.split("/")[0];
  const isFailure = ({ item }) => FAILURES.includes(item.verdict);

  // ---- Filter
  const filterForm = () => byId("filters");
  const currentFilter = () => Object.fromEntries(new FormData(filterForm()));

  function drawFilters() {
    const clauses = new Set([...run.clauses.map(({ id }) => id), ...rows.flatMap((row) => [...row.clauses])]);
    const fill = (name, values) =>
      byId(`${name}-filter`).append(...values.map((value) => el("option", { value }, value)));
    fill("clause", [...clauses]);
    fill("operation", run.operations);
    fill("family", [...new Set(rows.map(({ item }) => familyOf(item)))].sort());
    fill("cause", run.causes.map(({ id }) => id));
    filterForm().addEventListener("submit", (event) => event.preventDefault());
    filterForm().addEventListener("input", () => { applyFilter(); rememberFilter(); });
    byId("clear").addEventListener("click", () => { setFilter({}); byId("search").focus(); });
  }

  function searchText({ item, clauses }) {
    const evidence = item.findings.flatMap(({ at, expected, found }) => [at, expected, found])
      .map((text) => String(text).slice(0, 2000));
    return [item.id, item.title, item.file, item.reason, ...clauses, ...item.operations, ...evidence]
      .join("\n").toLowerCase();
  }

  function fits(row, { verdict, clause, operation, family, cause }, terms) {
    const { item } = row;
    if (verdict === "failures" ? !isFailure(row) : verdict && item.verdict !== verdict) return false;
    if (clause && !row.clauses.has(clause)) return false;
    if (operation && !item.operations.includes(operation)) return false;
    if (family && familyOf(item) !== family) return false;
    if (cause && !casesOf(cause).has(item.id)) return false;
    if (terms.length > 0) row.text ??= searchText(row);
    return terms.every((term) => row.text.includes(term));
  }

  /** The ids of the cases in which a cause shows. */
  function casesOf(cause) {
    casesByCause.has(cause) || casesByCause.set(cause, new Set(run.causes.find(({ id }) => id === cause)?.cases));
    return casesByCause.get(cause);
  }

  function applyFilter() {
    const filter = currentFilter();
    const terms = filter.q.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) row.li.hidden = !fits(row, filter, terms);
    const shown = shownRows().length;
    byId("count").textContent = `${number(shown)} of ${counted(rows.length, "case")}`;
    byId("nothing").hidden = shown > 0;
    byId("clear").hidden = FILTERS.every((name) => !filter[name]);
    markChosen(filter);
  }

  function markChosen({ clause, verdict, operation }) {
    const chosen = { clause, operation, count: verdict };
    for (const element of document.querySelectorAll(".cell, #counts button, #matrix button")) {
      const isChosen = Object.entries(chosen).some(([name, value]) => value && element.dataset[name] === value);
      element.setAttribute("aria-pressed", String(isChosen));
    }
    const entry = clause && run.clauses.find(({ id }) => id === clause);
    byId("chosen").replaceChildren(...(entry ? clauseCard(entry) : []));
  }

  /** What a clause says, how it was judged, and what the target does where it leaves something open. */
  function clauseCard(clause) {
    const seen = rows.flatMap(({ item }) => item.observations).filter((entry) => entry.clause === clause.id);
    return [
      el("p", el("span.verdict", { "data-verdict": clause.verdict }, CLAUSE_WORDS[clause.verdict]), " ",
        el("b.code", clause.id), ` (${clause.level})`),
      el("p", clause.says, " ", el("span.source", `[${clause.source}]`)),
      ...[...Map.groupBy(seen, (observation) => observation.seen)].map(([what, list]) =>
        el("p.hint", `Seen in ${counted(list.length, "case")}: ${what}`)),
    ];
  }

  function fillFilter(values) {
    for (const name of FILTERS) filterForm().elements[name].value = values[name] ?? "";
    applyFilter();
  }

  function setFilter(values) {
    fillFilter(values);
    rememberFilter();
  }

  // Sets one filter from a cell or a count; choosing the same value again clears it.
  function choose(name, value) {
    const filter = currentFilter();
    const isNew = filter[name] !== value;
    setFilter({ ...filter, [name]: isNew ? value : "" });
    if (isNew) byId("cases").scrollIntoView();
  }

  let remembering;
  // Browsers limit how often the address may change, so it changes only when typing pauses.
  function rememberFilter() {
    clearTimeout(remembering);
    remembering = setTimeout(() => {
      const hash = String(new URLSearchParams(Object.entries(currentFilter()).filter(([, value]) => value)));
      history.replaceState(null, "", hash ? `#${hash}` : location.href.replace(/#.*$/s, ""));
    }, 150);
  }

  /** Reads the filter, and with `case=` the case to show, from the address. */
  function followHash() {
    let name = location.hash.slice(1);
    try {
      name = decodeURIComponent(name);
    } catch {
      // No id contains a lone %.
    }
    const cause = document.getElementById(name);
    if (cause?.matches("details[data-cause]")) {
      cause.open = true;
      requestAnimationFrame(() => cause.querySelector("summary").focus());
      cause.scrollIntoView();
      return applyFilter();
    }
    // A link to a section does not change the filter.
    if (/^#[a-z]+$/.test(location.hash)) return applyFilter();
    const hash = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
    fillFilter(hash);
    const row = rows.find(({ item }) => item.id === hash.case);
    if (row) {
      drawBody(row);
      row.summary.focus();
      row.li.scrollIntoView();
    } else if (FILTERS.some((name) => hash[name])) byId("cases").scrollIntoView();
  }

  // ---- The body of a case
  function caseBody(item) {
    const groups = Map.groupBy(item.findings, ({ clause, level }) => JSON.stringify([clause, level]));
    const rank = ([finding]) => Object.keys(VERBS).indexOf(finding.level);
    return el("div.body",
      item.reason ? el("p.reason", item.reason) : null,
      [...groups.values()].sort((a, b) => rank(a) - rank(b)).map((group) => findingGroup(group, item)),
      el("dl.facts", factList(caseFacts(item))),
      titled("Exchanges", item.exchanges.map((exchange) => exchangeView(exchange, item.findings))),
      titled("Steps", [stepTable(item)]),
      item.left_out ? el("p.hint", "Its requests are in the saved run; this page holds those of the simplest cases of each cause.") : null,
      titled("Again", [snippet("Run it again", item.rerun ?? (run.again && isJudged(item) ? again(item.id) : null)), snippet("Expected-failure entry", item.expect)]));
  }

  // Cases that conform or cannot run here have no command to run them again.
  const again = (id) => run.again.includes("{case}") ? run.again.replace("{case}", `'${id}'`) : `${run.again} '${id}'`;
  const isJudged = (item) => !["conforms", "skipped"].includes(item.verdict);

  const titled = (title, parts) => (parts.some(Boolean) ? el("section", el("h3", title), parts) : null);

  function findingGroup(group, item) {
    const [{ clause, level }] = group;
    const { says = "", source = "" } = run.clauses.find(({ id }) => id === clause) ?? {};
    return el("section.finding", { "data-clause": clause, "data-level": level },
      el("h3", el("span.verb", VERBS[level] ?? "breaks"), " ", filterLink("clause", clause), ` (${level})`),
      el("p.says", says, " ", el("span.source", `[${source}]`)),
      group.map((finding) => findingView(finding, item)));
  }

  function findingView(finding, item) {
    const step = item.steps[finding.step];
    const place = finding.place;
    const answer = step ? ` · #${finding.step + 1} ${step.operation} answered ${step.status}` : "";
    const more = finding.times > 1 ? ` · and ${number(finding.times - 1)} more like it` : "";
    const [expected, found] = compare(String(finding.expected), String(finding.found));
    return el("div.found",
      el("p.where", el("code.pointer", finding.at || "the whole body"), ` ${place}${answer}${more}`),
      el("dl.compared",
        el("dt", "expected"), el("dd", expected.map(runView)), el("dt", "found"), el("dd", found.map(runView))));
  }

  // The middle of a long passage that is equal in both texts is left out.
  function runView({ text, same }) {
    if (!same) return el("mark", text);
    if (text.length <= 400) return el("span", text);
    const gap = el("span.gap", ` ⋯ ${number(text.length - 240)} characters ⋯ `);
    return el("span", text.slice(0, 160), gap, text.slice(-80));
  }

  function caseFacts(item) {
    const links = (name, values) => values.map((value, index) => [index ? ", " : null, filterLink(name, value)]);
    const withCopy = (text, what) => (text ? [text, " ", copyButton(text, what)] : null);
    return [
      ["Given", withCopy(item.given, "what was given") ?? "an empty zone"],
      ["Restored", withCopy(item.restored, "what was restored")],
      ["Blame", item.blame],
      ["Not reached", item.not_reached > 0 ? counted(item.not_reached, "later step") : null],
      ["Clauses", links("clause", item.clauses)],
      ["Operations", links("operation", item.operations)],
      ["Observed", item.observations.map(({ clause, seen }) => el("p", filterLink("clause", clause), ` ${seen}`))],
      ["File", [item.file, " · ", el("a", { href: filterHash("case", item.id) }, "link to this case")]],
    ];
  }

  function snippet(label, text) {
    if (!text) return null;
    return el("div.snippet", el("p.label", label, " ", copyButton(text, label)), el("pre", { tabindex: "0" }, text));
  }

  function where(place) {
    if (place.file !== undefined) return `${place.file}:${place.entry}`;
    return place.line > 0 ? `line ${place.line}` : "arranging";
  }

  function stepTable(item) {
    if (item.steps.length === 0) return null;
    const blamed = new Set(item.findings.map((finding) => finding.step));
    const line = (step, index) => el("tr",
      el("td", `#${index + 1}`, blamed.has(index) ? el("span.hit", { title: "a finding refers to it" }, " ✕") : null),
      el("td", step.operation), el("td.code.path", `${step.method} ${step.path}`), el("td", step.status),
      el("td", duration(step.elapsed_us)), el("td", where(step.place)));
    return el("table.steps",
      tableHead("Step", "Operation", "Request", "Status", "Took", "Place"), el("tbody", item.steps.map(line)));
  }

  function exchangeView(exchange, findings) {
    const places = findings.filter(({ step }) => step === exchange.step).map(({ at }) => at);
    const header = ([name, value], marked) =>
      el("div", el(marked.includes(`header ${name}`) ? "mark" : "span", el("b", name), `: ${value}`));
    const message = (title, line, headers, body, marked = []) => el("div.message", el("h4", title),
      el("p.first-line", el(marked.includes("status") ? "mark" : "span", line)),
      el("div.headers", headers.map((pair) => header(pair, marked))), bodyView(body, marked, title));
    return el("div.exchange", { "data-step": exchange.step },
      message(`Request #${exchange.step + 1}`, exchange.request_line, exchange.request_headers, exchange.request_body),
      message("Response", exchange.status, exchange.response_headers, exchange.response_body, places),
      snippet("By hand", exchange.curl));
  }

  function bodyView(body, places, title) {
    if (!body) return el("p.hint", "no body");
    const layout = layOut(body);
    const ranges = places.map((at) => placeOf(layout, at)).filter(Boolean);
    const attributes = { tabindex: "0", role: "region", "aria-label": `${title}: body` };
    return el("pre", attributes, markedText(layout.text, ranges));
  }

  /** Returns the range of a JSON Pointer, or of the nearest value around it if nothing is there. */
  function placeOf({ places }, at) {
    for (let pointer = at; pointer.startsWith("/"); pointer = pointer.slice(0, pointer.lastIndexOf("/"))) {
      const range = places.get(pointer);
      const title = pointer === at ? `the place of ${at}` : `nothing is at ${at}; this is around it`;
      if (range) return { range, title };
    }
    return null;
  }

  // Ranges may be nested, so the text is cut at every edge. Each part within a range is marked with the
  // title of the innermost range.
  function markedText(text, ranges) {
    const edges = [...new Set([0, text.length, ...ranges.flatMap(({ range }) => range)])].sort((a, b) => a - b);
    const size = ({ range: [start, end] }) => end - start;
    return edges.slice(1).map((end, index) => {
      const part = text.slice(edges[index], end);
      const around = ranges.filter(({ range }) => range[0] <= edges[index] && range[1] >= end)
        .sort((a, b) => size(a) - size(b));
      return around.length ? el(around.length > 1 ? "mark.inner" : "mark", { title: around[0].title }, part) : part;
    });
  }

  // ---- Expected and found
  const hasWord = (text) => /[\p{L}\p{N}]/u.test(text);
  const wordsOf = (text) => text.match(/[\p{L}\p{N}]+|\s+|[^\p{L}\p{N}\s]/gu) ?? [];

  /** Returns both texts as runs `{ text, same }`. The common beginning and end are the same, and between
      them the words that occur in both texts. The cost is linear in the length of the texts. */
  function compare(expected, found) {
    const [left, right] = [wordsOf(expected), wordsOf(found)];
    const shorter = Math.min(left.length, right.length);
    let [head, tail] = [0, 0];
    while (head < shorter && left[head] === right[head]) head++;
    while (tail < shorter - head && left.at(-1 - tail) === right.at(-1 - tail)) tail++;
    return [runsOf(left, right, head, tail), runsOf(right, left, head, tail)];
  }

  function runsOf(words, others, head, tail) {
    const isOutside = (index) => index < head || index >= words.length - tail;
    const there = new Set(others.slice(head, others.length - tail));
    const inBoth = words.map((word, index) => isOutside(index) || there.has(word));
    // If both texts have the same words in another order, the whole middle counts as different.
    const alike = inBoth.every(Boolean) ? words.map((_, index) => isOutside(index)) : inBoth;
    // A blank or a dot between different words is the same only by chance.
    const isBridge = (index) => !hasWord(words[index]) && alike[index - 1] === false && alike[index + 1] === false;
    const same = alike.map((is, index) => is && !isBridge(index));
    const runs = [];
    words.forEach((word, index) => {
      if (runs.at(-1)?.same === same[index]) runs.at(-1).words.push(word);
      else runs.push({ same: same[index], words: [word] });
    });
    return runs.map((run) => ({ same: run.same, text: run.words.join("") }));
  }

  // ---- JSON in lines
  /** Lays out JSON over several lines, with the range of each pointer; any other text stays as it is. Tokens
      stay as they were sent, because parsing would round numbers, sort keys and drop repeated ones. */
  function layOut(text) {
    const out = { text: "", places: new Map(), stack: [] };
    try {
      JSON.parse(text);
    } catch {
      return { text, places: out.places };
    }
    for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/gs)) addToken(out, token);
    return out;
  }

  // Deeper levels are not indented further and have no pointers: both would grow with the square of the depth.
  const DEEPEST = 60;

  // `step` leads from a value to one inside it: an index, a key, or null before a key.
  function addToken(out, token) {
    const parent = out.stack.at(-1);
    const isEnd = token === "}" || token === "]";
    if (isEnd) out.stack.pop();
    const isSign = token === "," || token === ":";
    const beginsLine = isEnd ? parent.isFilled : parent && !isSign && (parent.isArray || parent.step === null);
    if (beginsLine) out.text += `\n${"  ".repeat(Math.min(out.stack.length, DEEPEST))}`;
    const start = out.text.length;
    out.text += token === ":" ? ": " : token;
    if (isEnd) out.places.set(parent.pointer, [parent.start, out.text.length]);
    else if (token === ",") parent.step = parent.isArray ? parent.step + 1 : null;
    else if (!isSign) addValue(out, token, start, parent);
  }

  function addValue(out, token, start, parent) {
    if (parent) parent.isFilled = true;
    if (parent?.step === null) {
      parent.step = JSON.parse(token).replaceAll("~", "~0").replaceAll("/", "~1");
      return;
    }
    const pointer = out.stack.length > DEEPEST ? parent.pointer : parent ? `${parent.pointer}/${parent.step}` : "";
    if (token === "[") out.stack.push({ pointer, start, isArray: true, step: 0, isFilled: false });
    else if (token === "{") out.stack.push({ pointer, start, isArray: false, step: null, isFilled: false });
    else out.places.set(pointer, [start, out.text.length]);
  }

  // ---- Keys, theme, paper
  const shownRows = () => rows.filter((row) => !row.li.hidden);

  function moveFocus(by) {
    const shown = shownRows();
    const current = shown.findIndex(({ details }) => details.contains(document.activeElement));
    const next = shown[current < 0 ? 0 : Math.min(Math.max(current + by, 0), shown.length - 1)];
    next?.summary.focus({ preventScroll: true });
    next?.summary.scrollIntoView({ block: "nearest" });
  }

  // Enter is missing here: a focused case is a summary element, which Enter opens anyway.
  const KEYS = {
    "/": () => byId("search").select(),
    "?": () => byId("help").showModal(),
    j: () => moveFocus(1),
    k: () => moveFocus(-1),
    o: () => document.activeElement.closest(".case, .cause")?.firstElementChild.click(),
    Escape: () => setFilter({}),
  };

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || byId("help").open) return;
    const isTyping = event.target.closest("input, select, textarea") && event.key !== "Escape";
    if (isTyping || !Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    KEYS[event.key]();
  }

  function nextTheme() {
    const themes = ["system", "light", "dark"];
    const root = document.documentElement;
    root.dataset.theme = themes[(themes.indexOf(root.dataset.theme) + 1) % themes.length];
    byId("theme").textContent = `Theme: ${root.dataset.theme}`;
  }

  function start() {
    run = { ...EMPTY_RUN, ...JSON.parse(byId("run-data").textContent) };
    if (run.format !== 1) throw new Error(`its data has the format ${run.format}, and this page knows only 1`);
    drawSummary();
    drawCauses();
    drawClauses();
    drawCodes();
    drawCases();
    drawFilters();
    followHash();
    addEventListener("hashchange", followHash);
    addEventListener("keydown", onKey);
    addEventListener("beforeprint", () => shownRows().filter(isFailure).forEach(drawBody));
    byId("theme").addEventListener("click", nextTheme);
    byId("help-open").addEventListener("click", KEYS["?"]);
    byId("help-close").addEventListener("click", () => byId("help").close());
    // For tests: everything is drawn and all listeners are set.
    document.documentElement.dataset.ready = "true";
    performance.mark("list-ready");
  }

  try {
    start();
  } catch (error) {
    byId("verdict").textContent = "This report cannot be shown";
    byId("target").textContent = visible(error);
  }
})();
