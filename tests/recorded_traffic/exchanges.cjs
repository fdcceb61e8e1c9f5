// The requests that the page sends, one after the other: all operations, what they accept and what they refuse.
// Every zone is fresh, so that its state is known from the first list on.
"use strict";
const { randomBytes } = require("node:crypto");

const TOKEN = "mock-token";
// One address for each rule of the canonical spelling, none of them sent in it.
const SPELLINGS = [
  "2001:0DB8:0:0:1:0:0:1", "2001:0:0:1:0:0:0:0A", "2001:DB8:0:1:1:1:1:1", "2001:db8:0::0:7", "::FFFF", "2001:DB8::",
];

const zone = () => randomBytes(16).toString("hex");
const many = (count, from = 1) => Array.from({ length: count }, (_, index) => `198.51.100.${from + index}`);

/** What a request of one generation looks like; `item` is how that generation spells a mapping. */
function generation(version) {
  const path = version === "v1" ? "cache/origin_cloud_regions" : "origin/cloud_regions";
  const name = version === "v1" ? "ip" : "origin_ip";
  const [write, batch] = version === "v1" ? ["PATCH", "PATCH"] : ["PUT", "PUT"];
  const item = (ip, vendor = "aws", region = "eu-west-1") => ({ [name]: ip, vendor, region });
  const to = (zone, below = "") => `/zones/${zone}/${path}${below}`;
  const one = (ip) => `/${encodeURIComponent(ip)}`;
  return {
    item,
    list: (zone, query = "") => ({ method: "GET", path: to(zone, query) }),
    regions: (zone) => ({ method: "GET", path: to(zone, "/supported_regions") }),
    get: (zone, ip) => ({ method: "GET", path: to(zone, one(ip)) }),
    create: (zone, ...mapping) => ({ method: "POST", path: to(zone), body: item(...mapping) }),
    write: (zone, ip, ...place) =>
      ({ method: write, path: to(zone, version === "v1" ? "" : one(ip)), body: item(ip, ...place) }),
    remove: (zone, ip) => ({ method: "DELETE", path: to(zone, one(ip)) }),
    batch: (zone, items) => ({ method: batch, path: to(zone, "/batch"), body: items }),
    batchRemove: (zone, addresses) => ({ method: "DELETE", path: to(zone, "/batch"), body: addresses }),
  };
}

/** Single mappings: written, replaced, read in several spellings, deleted; and everything that must be refused. */
function singles(version) {
  const it = generation(version);
  const here = zone();
  const list = it.list(here);
  const create = version === "v1"
    ? [
      it.create(here, "2001:0DB8::0:1", "gcp", "europe-west1"), list, it.create(here, "2001:db8:0::1"), list,
      it.create(here, "no-address"), it.create(here, "192.0.2.9", "aws", "europe-west1"),
      it.create(here, "192.0.2.9", "nimbus", "x"), it.create(here, "192.0.2.9", "aws", "moon-1"), list,
      { ...it.create(here), body: { ip: "192.0.2.9", region: "eu-west-1" } },
      { ...it.create(here), body: { ip: "192.0.2.9", vendor: "aws" } }, list,
    ]
    : [
      it.write(here, "2001:db8::1", "gcp", "europe-west1"),
      { ...it.write(here, "192.0.2.9"), body: it.item("192.0.2.8") }, list,
    ];
  return [
    it.regions(here), list, it.get(here, "192.0.2.1"), ...create,
    ...SPELLINGS.map((ip) => it.write(here, ip)), list, ...SPELLINGS.map((ip) => it.get(here, ip)),
    it.write(here, "192.0.2.1"), it.write(here, "192.0.2.1"), it.write(here, "192.0.2.10"),
    it.get(here, "192.0.2.1"), it.write(here, "192.0.2.1", "azure", "westeurope"), it.get(here, "192.0.2.1"), list, list,
    it.write(here, "2001:db8:1::7"), list,
    it.write(here, "192.0.2.1", "nimbus", "x"), it.write(here, "192.0.2.1", "aws", "westeurope"),
    it.write(here, "192.0.2.1", "aws", "moon-1"), it.get(here, "192.0.2.1"), list,
    it.remove(here, "2001:DB8::0001"), it.get(here, "2001:db8::1"), it.remove(here, "2001:db8::1"), list,
    it.get(here, "192.0.2.1"), it.remove(here, "192.0.2.1"), it.get(here, "192.0.2.10"), it.remove(here, "192.0.2.10"),
    ...SPELLINGS.map((ip) => it.remove(here, ip)), it.remove(here, "2001:db8:1::7"), list,
  ];
}

/** Batches: good and bad items side by side, an address twice, too many, nothing sent; then what is left. */
function batches(version) {
  const it = generation(version);
  const here = zone();
  const list = it.list(here);
  const items = (addresses, ...place) => addresses.map((ip) => it.item(ip, ...place));
  return [
    list, it.batch(here, items(["192.0.2.1", "192.0.2.2", "192.0.2.10", "2001:DB8::0:1"])), list,
    it.batch(here, [
      it.item("192.0.2.2", "oci", "eu-frankfurt-1"), it.item("2001:DB8:0:0:2::"), it.item("192.0.2.3", "aws", "nowhere"),
      it.item("192.0.2.4", "nimbus", "x"), it.item("no-address"),
    ]),
    list, it.batch(here, items(["192.0.2.1"], "aws", "nowhere")), list,
    it.batch(here, [it.item("192.0.2.5"), it.item("192.0.2.5", "gcp", "europe-west1")]), list,
    it.batch(here, items(many(101))), list, it.batch(here, items(many(100))), it.list(here, version === "v1" ? "" : "?per_page=100"),
    ...(version === "v1" ? [] : [it.list(here, "?page=2&per_page=100")]),
    it.batchRemove(here, ["192.0.2.1", "2001:db8:0::1", "192.0.2.99", "no-address"]), it.get(here, "192.0.2.1"),
    it.get(here, "192.0.2.10"), it.batchRemove(here, many(101)), it.get(here, "198.51.100.1"),
    it.batchRemove(here, undefined), it.batchRemove(here, many(100)), list,
    it.batchRemove(here, ["192.0.2.2", "192.0.2.5", "192.0.2.10", "2001:db8:0:0:2::"]), list,
  ];
}

/** The pages of a v2 list, and parameters that must be refused. */
function pages() {
  const it = generation("v2");
  const here = zone();
  const list = (query) => it.list(here, query);
  return [
    it.batch(here, many(45).map((ip) => it.item(ip))),
    list(""), list("?page=2"), list("?page=3"), list("?page=4"),
    ...[1, 2, 3, 4, 5].map((page) => list(`?page=${page}&per_page=10`)),
    ...[1, 2, 3].map((page) => list(`?page=${page}&per_page=15`)), list("?per_page=100"), list("?per_page=100"),
    ...["per_page=101", "per_page=0", "per_page=text", "page=0", "page=-1", "page=text"].map((query) => list(`?${query}`)),
  ];
}

/** Requests with no credentials and with false ones; the list between them shows whether they did anything. */
function strangers(version) {
  const it = generation(version);
  const here = zone();
  const list = it.list(here);
  const asked = [
    list, it.regions(here), it.get(here, "192.0.2.1"), it.write(here, "192.0.2.2"), it.remove(here, "192.0.2.1"),
    it.batch(here, [it.item("192.0.2.3")]), it.batchRemove(here, ["192.0.2.1"]),
  ];
  const as = (token) => asked.flatMap((request) => [{ ...request, token }, list]);
  return [it.write(here, "192.0.2.1"), list, ...as(null), ...as("another-token")];
}

/** Two zones with the same addresses, each written through one generation and read through the other. */
function neighbours() {
  const [v1, v2] = [generation("v1"), generation("v2")];
  const [one, other] = [zone(), zone()];
  const lists = [v1.list(one), v2.list(one), v1.list(other), v2.list(other)];
  return [
    ...lists, v1.create(one, "192.0.2.1"), ...lists, v2.write(other, "192.0.2.1", "gcp", "europe-west1"), ...lists,
    v1.create(other, "2001:db8::1"), v1.create(one, "2001:db8::1", "oci", "eu-frankfurt-1"), ...lists,
    v2.batch(one, [v2.item("192.0.2.2")]), v1.batch(other, [v1.item("192.0.2.2")]), ...lists,
    v1.batchRemove(other, ["192.0.2.1"]), v2.batchRemove(one, ["192.0.2.2"]), ...lists, v2.remove(one, "2001:db8::1"), ...lists,
  ];
}

const exchanges = () => [
  ...singles("v1"), ...singles("v2"), ...batches("v1"), ...batches("v2"), ...pages(),
  ...strangers("v1"), ...strangers("v2"), ...neighbours(),
].map((request) => ({ token: TOKEN, ...request }));

module.exports = { exchanges };
