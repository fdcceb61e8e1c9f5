// The adapter of the vendor's TypeScript SDK (npm: cloudflare), for `originproof clients`.
//
//     originproof clients -- node clients/typescript/adapter.mjs
//
// Version 7.3.0 has the v2 operations, version 6.3.0 those of v1. The SDK is used as its documentation shows: no option is
// set but the base URL, the credentials and the time limit. SDK names another folder with node_modules.
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(join(process.env.SDK ?? process.cwd(), "index.js"));
const Cloudflare = require("cloudflare").default ?? require("cloudflare");

function clientOf({ base_url, credentials, timeout_ms }) {
  const given = credentials.scheme === "token"
    ? { apiToken: credentials.token }
    : { apiEmail: credentials.email, apiKey: credentials.key };
  return new Cloudflare({ baseURL: base_url, ...given, ...(timeout_ms === undefined ? {} : { timeout: timeout_ms }) });
}

function methods(regions, { zone, arguments: given }) {
  const { address, vendor, region, page, per_page } = given;
  const ids = { zone_id: zone };
  const items = (name) => given.items.map((item) => ({ [name]: item.address, vendor: item.vendor, region: item.region }));
  const pages = { ...ids, ...(page === undefined ? {} : { page }), ...(per_page === undefined ? {} : { per_page }) };
  const listed = async () => {
    // A page that is asked for is that page; else the SDK walks through all of them.
    if (page !== undefined) return (await regions.list(pages)).result;
    const all = [];
    for await (const mapping of regions.list(pages)) all.push(mapping);
    return all;
  };
  return regions.bulkUpdate
    ? {
      "v2.list": listed,
      "v2.get": () => regions.get(address, ids),
      "v2.put": () => regions.update(address, { ...ids, origin_ip: address, vendor, region }),
      "v2.delete": () => regions.delete(address, ids),
      "v2.batch_put": () => regions.bulkUpdate({ ...ids, body: items("origin_ip") }),
      "v2.batch_delete": () => regions.bulkDelete(ids),
      "v2.supported_regions": () => regions.supportedRegions(ids),
    }
    : {
      "v1.list": () => regions.list(ids),
      "v1.create": () => regions.create({ ...ids, ip: address, vendor, region }),
      "v1.upsert": () => regions.edit({ ...ids, ip: address, vendor, region }),
      "v1.get": () => regions.get(address, ids),
      "v1.delete": () => regions.delete(address, ids),
      "v1.batch_upsert": () => regions.bulkEdit({ ...ids, body: items("ip") }),
      "v1.batch_delete": () => regions.bulkDelete(ids),
      "v1.supported_regions": () => regions.supportedRegions(ids),
    };
}

function told(error) {
  const answer = { message: String(error?.message ?? error).slice(0, 500), kind: "other" };
  if (error instanceof Cloudflare.APIConnectionTimeoutError) answer.kind = "timeout";
  else if (error instanceof Cloudflare.APIConnectionError) answer.kind = "network";
  else if (error instanceof Cloudflare.APIError) {
    Object.assign(answer, { kind: "api", status: error.status ?? null, code: error.errors?.[0]?.code ?? null });
  } else if (error instanceof SyntaxError) answer.kind = "decode";
  return answer;
}

for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  const answer = { id: ask.id };
  try {
    const method = methods(clientOf(ask).cache.originCloudRegions, ask)[ask.operation];
    if (method) answer.ok = (await method()) ?? null;
    else answer.unsupported = true;
  } catch (error) {
    answer.error = told(error);
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
