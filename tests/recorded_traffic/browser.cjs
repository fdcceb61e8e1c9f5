// Sends the requests from a page in headless Chromium, and records them in two ways: by Playwright's recorder, and from
// the browser's own DevTools events by chrome-har.
// Usage: browser.cjs URL CHROMIUM PLAYWRIGHT.har DEVTOOLS.har
"use strict";
const { mkdtempSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { chromium } = require("playwright-core");
const { exchanges } = require("./exchanges.cjs");

const [url, executablePath, playwrightHar, devtoolsHar] = process.argv.slice(2);
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** Takes down what DevTools tells of the network; the bodies have to be asked for, one by one. */
async function listen(context, page) {
  const session = await context.newCDPSession(page);
  const messages = [];
  const answers = new Map();
  const bodies = [];
  const keep = (method) => session.on(method, (params) => messages.push({ method, params }));
  ["Page.frameStartedLoading", "Network.requestWillBeSent", "Network.requestWillBeSentExtraInfo", "Network.dataReceived",
    "Network.responseReceivedExtraInfo", "Network.responseReceived", "Network.loadingFinished", "Network.loadingFailed",
  ].forEach(keep);
  session.on("Network.responseReceived", ({ requestId, response }) => answers.set(requestId, response));
  session.on("Network.loadingFinished", ({ requestId }) => {
    bodies.push(session.send("Network.getResponseBody", { requestId }).then(({ body, base64Encoded }) => {
      Object.assign(answers.get(requestId), { body, encoding: base64Encoded ? "base64" : undefined });
    }));
  });
  await session.send("Page.enable");
  await session.send("Network.enable");
  return async () => {
    await Promise.all(bodies);
    const { harFromMessages } = await import(require.resolve("chrome-har"));
    const har = harFromMessages(messages, { includeTextFromResponseBody: true });
    // chrome-har takes a JSON body apart into parameters, from which it can't be told how it was sent.
    const sent = new Map(messages.filter(({ method }) => method === "Network.requestWillBeSent")
      .map(({ params }) => [params.requestId, params.request.postData]));
    for (const { _requestId, request } of har.log.entries) {
      if (request.postData) Object.assign(request.postData, { params: undefined, text: sent.get(_requestId) });
    }
    return har;
  };
}

/** Runs in the page. */
async function send({ base, requests }) {
  for (const { method, path, body, token } of requests) {
    const headers = {};
    if (token !== null) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    const answer = await fetch(base + path, { method, headers, body: JSON.stringify(body), cache: "no-store" });
    await answer.text();
  }
}

(async () => {
  const profile = mkdtempSync(join(tmpdir(), "originproof-browser-"));
  const context = await chromium.launchPersistentContext(profile,
    { executablePath, args: FLAGS, recordHar: { path: playwrightHar, content: "embed", mode: "full" } });
  try {
    const page = await context.newPage();
    const recorded = await listen(context, page);
    const requests = exchanges();
    // Any page of the mock's own will do; opened without credentials, it is refused.
    await page.goto(url + requests[0].path);
    await page.evaluate(send, { base: url, requests });
    writeFileSync(devtoolsHar, JSON.stringify(await recorded()));
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
})();
