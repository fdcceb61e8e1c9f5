// Drives the pages of a folder in headless Chromium and holds what they show against their run documents.
// Usage: drive.cjs FOLDER CHROMIUM
// The last line is `N passed, N failed`. Times are printed and never judged.
"use strict";
const { readFileSync, mkdtempSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const [folder, executablePath] = process.argv.slice(2);
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const ORDER = ["violates", "deviates", "broken", "inconclusive", "not-run", "expected", "skipped", "conforms"];

let passed = 0;
let failed = 0;
function check(what, isRight, found = "") {
  if (isRight) passed++;
  else {
    failed++;
    console.log(`FAILED: ${what}${found === "" ? "" : `: ${JSON.stringify(found)}`}`);
  }
}
const same = (what, is, should) =>
  check(what, JSON.stringify(is) === JSON.stringify(should), { is, should });

/** The run document of a page: its trials, and how many ended in each way. */
function readRun(name) {
  const lines = readFileSync(join(folder, `${name}.json`), "utf8").split("\n").slice(2);
  const trials = lines.map((line) => line.replace(/^,/, "")).filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line)).filter(({ event }) => event === "trial-finished");
  const { header } = JSON.parse(`{${readFileSync(join(folder, `${name}.json`), "utf8").split("\n")[1].replace(/,"events":\[$/, "")}}`);
  const counts = Object.fromEntries(ORDER.map((verdict) => [verdict, trials.filter((t) => t.verdict === verdict).length]));
  return { header, trials, counts };
}
const failuresOf = (counts) => ORDER.slice(0, 4).reduce((sum, verdict) => sum + counts[verdict], 0);
const operationsOf = (trial) => trial.steps.map(({ operation }) => operation);
const clausesOf = (trial) =>
  [...trial.proves, ...trial.findings.map(({ finding }) => finding.clause), ...trial.observations.map(({ clause }) => clause)];

/** A browser with one page; whatever it asks for, runs or complains of is taken down. */
async function open() {
  const profile = mkdtempSync(join(tmpdir(), "originproof-page-"));
  const context = await chromium.launchPersistentContext(profile,
    { executablePath, args: FLAGS, viewport: { width: 1280, height: 900 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const seen = { requests: [], complaints: [] };
  const own = pathToFileURL(folder).href;
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(own) && !url.startsWith("data:") && url !== "about:blank") seen.requests.push(url);
  });
  page.on("console", (message) => seen.complaints.push(message.text()));
  page.on("pageerror", (error) => seen.complaints.push(String(error)));
  page.on("dialog", (dialog) => { seen.complaints.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  const go = async (name, hash = "") => {
    await page.goto("about:blank");
    await page.goto(pathToFileURL(join(folder, `${name}.html`)).href + hash);
    await page.waitForSelector("html[data-ready]", { timeout: 30_000 });
  };
  const close = async () => { await context.close(); rmSync(profile, { recursive: true, force: true }); };
  return { page, go, seen, close };
}

const shown = (page) => page.locator("#case-list > li:not([hidden])").count();
const hash = async (page) => { await page.waitForTimeout(300); return page.evaluate(() => location.hash); };
const number = (value) => value.toLocaleString("en");

async function countsEqualTheRun({ page, go }, name) {
  const { trials, counts } = readRun(name);
  await go(name);
  for (const [verdict, count] of Object.entries(counts)) {
    same(`${name}: count of ${verdict}`, await page.textContent(`[data-count=${verdict}] b`), number(count));
    await page.selectOption("#verdict-filter", verdict);
    same(`${name}: cases that ${verdict}`, await shown(page), count);
    same(`${name}: tally of ${verdict}`, await page.textContent("#count"),
      `${number(count)} of ${number(trials.length)} case${trials.length === 1 ? "" : "s"}`);
  }
  await page.selectOption("#verdict-filter", "failures");
  same(`${name}: any failure`, await shown(page), failuresOf(counts));
  await page.click("#clear");
  same(`${name}: cleared`, await shown(page), trials.length);
  check(`${name}: nothing left to clear`, !(await page.isVisible("#clear")));
  const verdicts = await page.$$eval(".case", (list) => list.map((element) => element.dataset.verdict));
  same(`${name}: failures come first`, verdicts, ORDER.flatMap((verdict) => Array(counts[verdict]).fill(verdict)));
}

async function theFilterFilters({ page, go }) {
  const { trials } = readRun("big");
  const fitting = (fits) => trials.filter(fits).length;
  await go("big");
  const clause = trials.find(({ verdict }) => verdict === "violates").findings[0].finding.clause;
  const cell = `.cell[data-clause="${clause}"]`;
  await page.click(cell);
  same("a clause's cell filters", await shown(page), fitting((trial) => clausesOf(trial).includes(clause)));
  same("a clause's cell is pressed", await page.getAttribute(cell, "aria-pressed"), "true");
  check("the chosen clause is told", (await page.textContent("#chosen")).includes(clause));
  same("the address has the clause", await hash(page), `#clause=${clause}`);
  await page.reload();
  await page.waitForSelector("html[data-ready]");
  same("the address keeps the filter", await page.inputValue("#clause-filter"), clause);
  await page.click(cell);
  same("the cell once more takes it back", [await shown(page), await hash(page)], [trials.length, ""]);
  await page.click('[data-operation="v2.put"]');
  same("an operation filters", await shown(page), fitting((trial) => operationsOf(trial).includes("v2.put")));
  await page.selectOption("#verdict-filter", "violates");
  same("filters add up", await shown(page),
    fitting((trial) => operationsOf(trial).includes("v2.put") && trial.verdict === "violates"));
  await page.keyboard.press("Escape");
  await page.fill("#search", "BATCH/merges/V2 mention");
  const text = ({ id, title }) => `${id}\n${title}`.toLowerCase();
  const found = await shown(page);
  check("a search needs each word", found >= fitting((trial) => text(trial).includes("batch/merges/v2")) && found < 100, found);
  const ids = await page.$$eval("#case-list > li:not([hidden]) .case", (list) => list.map((element) => element.dataset.case));
  check("a search finds nothing else", ids.length > 0 && ids.every((id) => id.startsWith("batch/merges/v2")), ids.slice(0, 5));
  await page.fill("#search", "zzzz");
  check("nothing found is said so", await page.isVisible("#nothing"));
}

async function theCausesExplain({ page, go }) {
  const causes = JSON.parse(readFileSync(join(folder, "faulty.json"), "utf8")).footer.causes;
  await go("faulty");
  const list = page.locator("#cause-list details");
  same("each cause once", await list.evaluateAll((all) => all.map((one) => one.dataset.cause)), causes.map(({ id }) => id));
  check("the first cause is open, the others are not", (await list.evaluateAll((all) => all.map((one) => one.open)))
    .every((isOpen, index) => isOpen === (index === 0)));
  const [first] = causes;
  const text = await list.first().textContent();
  check("it names its clause, its evidence and itself",
    [first.clause, first.witness.trial, first.id].every((part) => text.includes(part)), text.slice(0, 300));
  check("it has an exchange and lines to send by hand",
    (await list.first().locator(".exchange").count()) === 1 && text.includes("curl -i"));
  await go("faulty", `#cause-${causes.at(-1).id}`);
  check("a link opens its cause", await list.last().evaluate((one) => one.open));
  await go("faulty", `#${new URLSearchParams({ cause: first.id })}`);
  same("a cause filters its cases", await shown(page), first.trials.length);
  await go("faulty");
  await page.selectOption("#family-filter", "batch");
  const ids = await page.$$eval("#case-list > li:not([hidden]) .case", (all) => all.map((one) => one.dataset.case));
  check("a family filters", ids.length > 0 && ids.every((id) => id.startsWith("batch/")), ids.slice(0, 3));
  const size = readFileSync(join(folder, "faulty.html")).length;
  check("the page is at most 500 KB", size <= 500_000, size);
  await go("honest");
  check("without failures there are no causes", !(await page.isVisible("#causes")));
}

async function aFailureOpens({ page, go }) {
  const { trials } = readRun("faulty");
  // The page holds all requests of a cause's witness; those of other cases only as far as there is room.
  const [cause] = JSON.parse(readFileSync(join(folder, "faulty.json"), "utf8")).footer.causes;
  const trial = trials.find(({ id }) => id === cause.witness.trial);
  await go("faulty", `#${new URLSearchParams({ case: trial.id })}`);
  const open = page.locator(".case[open]");
  same("a link opens its case", await open.getAttribute("data-case"), trial.id);
  const clauses = new Set(trial.findings.map(({ finding }) => `${finding.clause} ${finding.level}`));
  same("each broken clause once", await open.locator(".finding").count(), clauses.size);
  same("each finding", await open.locator(".found").count(), trial.findings.length);
  same("each exchange", await open.locator(".exchange").count(), trial.exchanges.length);
  same("each step", await open.locator(".steps tbody tr").count(), trial.steps.length);
  const text = await open.textContent();
  for (const { finding } of trial.findings) {
    check(`it cites ${finding.clause}`, text.includes(finding.clause) && text.includes(finding.at));
    check("it shows what was expected and found",
      text.includes(finding.expected.slice(0, 60)) && text.includes(finding.found.slice(0, 60)));
  }
  check("the place in the body is marked", (await open.locator(".message mark").count()) > 0);
  check("later steps are counted", trial.not_reached === 0 || text.includes(`${trial.not_reached} later step`));
  check("credentials are hidden", !readFileSync(join(folder, "faulty.html"), "utf8").includes("mock-token"));
  for (const [label, value] of [
    ["Copy: Run it again", `originproof run --target ${readRun("faulty").header.target} --case '${trial.id}'`],
    ["Copy: By hand", trial.exchanges[0].curl],
  ]) {
    await open.locator(`button[aria-label="${label}"]`).first().click();
    await page.waitForTimeout(100);
    same(label, await page.evaluate(() => navigator.clipboard.readText()), value);
  }
  await open.locator(".finding h3 a").first().click();
  check("a finding's clause filters", (await hash(page)).startsWith("#clause="));
}

async function theKeyboardSuffices({ page, go }) {
  await go("faulty");
  const focus = () => page.evaluate(() => document.activeElement.closest(".case")?.dataset.case);
  const ids = await page.$$eval(".case", (list) => list.map((element) => element.dataset.case));
  for (const key of ["j", "j", "k"]) await page.keyboard.press(key);
  same("j and k move", await focus(), ids[0]);
  await page.keyboard.press("o");
  await page.waitForTimeout(200);
  same("o opens", await page.locator(".case[open]").getAttribute("data-case"), ids[0]);
  await page.keyboard.press("Enter");
  await page.waitForTimeout(200);
  same("Enter closes", await page.locator(".case[open]").count(), 0);
  await page.keyboard.press("/");
  await page.keyboard.type("merges-into-many/v2");
  same("/ searches", await shown(page), ids.filter((id) => id.includes("merges-into-many/v2")).length);
  await page.keyboard.press("Escape");
  same("Escape clears", await shown(page), ids.length);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("?");
  check("? helps", await page.isVisible("#help"));
  await page.keyboard.press("Escape");
  check("Escape ends the help", !(await page.isVisible("#help")));
  await page.keyboard.press("Tab");
  check("Tab shows where it is", await page.evaluate(() => document.activeElement !== document.body));
}

async function hostileTextStaysText({ page, go }) {
  const { trials } = readRun("hostile");
  await go("hostile");
  const strange = () => page.evaluate(() => {
    const all = [...document.querySelectorAll("*")];
    return {
      elements: all.filter((e) => /^(img|svg|iframe|object|embed|base|form)$/i.test(e.tagName) && e.id !== "filters").length,
      scripts: document.scripts.length,
      styles: document.querySelectorAll("style, link[rel=stylesheet]").length,
      handlers: all.filter((e) => [...e.attributes].some(({ name }) => /^on|^srcdoc$/i.test(name))).length,
      links: [...document.querySelectorAll("a")].filter((a) => !a.getAttribute("href").startsWith("#")).length,
      attacked: window.attacked ?? null,
    };
  });
  const clean = { elements: 0, scripts: 2, styles: 1, handlers: 0, links: 0, attacked: null };
  same("a hostile page begins clean", await strange(), clean);
  const slowest = await page.evaluate(async () => {
    let slowest = 0;
    for (const details of document.querySelectorAll(".case")) {
      const begun = performance.now();
      details.open = true;
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
      slowest = Math.max(slowest, performance.now() - begun);
    }
    return slowest;
  });
  console.log(`hostile: the slowest of ${trials.length} cases opened in ${Math.round(slowest)} ms`);
  same("every hostile case opens", await page.locator(".case .body").count(), trials.length);
  same("a hostile page stays clean", await strange(), clean);
  const text = await page.textContent("main");
  check("markup is shown as text", text.includes("</script><img src=x onerror="));
  check("hidden characters are shown", !/[\u202e\u2066\u2028\u0000\u001b]/.test(text) && text.includes("\\u202e"));
  check("nothing is a template", !text.includes(String(1234567 * 7654321)));
  await page.fill("#search", "</script><img");
  same("a hostile search", await shown(page), trials.length);
  await page.fill("#search", "");
  await page.locator(".finding h3 a").first().click();
  const address = await hash(page);
  await page.reload();
  await page.waitForSelector("html[data-ready]");
  check("a hostile clause in the address", address.startsWith("#clause=") && (await shown(page)) > 0, address);
  check("the title is text", (await page.title()).includes("</script>"));
  await page.waitForTimeout(300);
  same("nothing ran after all", (await strange()).attacked, null);
}

async function oddRunsAreToldApart({ page, go }) {
  await go("broken-off");
  check("a run that broke off says so", await page.isVisible("#broken-off"));
  const broken = await page.textContent("#verdict");
  check("a run that broke off never conforms", !/^Conforms/.test(broken), broken);
  await go("honest");
  same("an honest run conforms", await page.textContent("#verdict"), "Conforms");
  check("an honest run did not break off", !(await page.isVisible("#broken-off")));
  await go("faulty");
  check("a faulty one does not conform", /^Does not conform/.test(await page.textContent("#verdict")));
  await go("empty");
  same("a run of nothing", await page.textContent("#verdict"), "Could not be judged");
}

async function itFitsScreensAndPaper({ page, go }) {
  for (const width of [360, 768, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    for (const name of ["faulty", "hostile"]) {
      await go(name);
      await page.locator(".case summary").first().click();
      await page.waitForTimeout(200);
      check(`${name} fits ${width} pixels`, await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await go("faulty");
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.click("#theme");
  const light = await background();
  await page.click("#theme");
  check("light and dark differ", light !== (await background()), light);
  await page.pdf({ format: "A4" });
  same("paper has the failures open", await page.locator(".case[open]").count(), failuresOf(readRun("faulty").counts));
}

async function measure() {
  const rows = [];
  for (let round = 0; round < 5; round++) {
    const { page, go, close } = await open();
    await go("big");
    rows.push(await page.evaluate(async () => {
      const drawn = (act) => new Promise((resolve) => {
        const begun = performance.now();
        act();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
      });
      const search = document.getElementById("search");
      const { loadEventEnd } = performance.getEntriesByType("navigation")[0];
      return {
        ready: performance.getEntriesByName("list-ready")[0].startTime,
        paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
        load: loadEventEnd,
        filter: await drawn(() => { search.value = "batch v2"; search.dispatchEvent(new Event("input", { bubbles: true })); }),
        open: await drawn(() => { document.getElementById("clear").click(); document.querySelector(".case summary").click(); }),
      };
    }));
    await close();
  }
  const median = (name) => Math.round(rows.map((row) => row[name]).sort((a, b) => a - b)[2]);
  const bytes = readFileSync(join(folder, "big.html")).length;
  console.log(`1,000 cases, 50 failures, ${(bytes / 1e6).toFixed(1)} MB, median of 5: listed after ${median("ready")} ms, `
    + `first paint ${median("paint")} ms, loaded ${median("load")} ms, filter ${median("filter")} ms, open a failure ${median("open")} ms`);
}

const PARTS = [
  (it) => countsEqualTheRun(it, "big"), (it) => countsEqualTheRun(it, "faulty"), (it) => countsEqualTheRun(it, "hostile"),
  theFilterFilters, theCausesExplain, aFailureOpens, theKeyboardSuffices, hostileTextStaysText, oddRunsAreToldApart, itFitsScreensAndPaper,
];

(async () => {
  const it = await open();
  for (const part of PARTS) {
    try {
      await part(it);
    } catch (error) {
      check(`${part.name || "counts"} ended early`, false, String(error).split("\n")[0]);
    }
  }
  same("nothing is fetched", it.seen.requests, []);
  same("the console is empty", it.seen.complaints, []);
  await it.close();
  await measure();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
})();
