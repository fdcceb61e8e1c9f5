"""The independent server with ordinary mistakes, each by its name: a server as somebody might write it.

Usage: mistakes.py MISTAKE... [-- OPTION OF server.py ...]
"""

import json
import sys

import server
from server import OPERATIONS, Handler, Zone, documented

MISTAKES = {}


def mistake(clause):
    """Enters a mistake under its function's name, with the clause that it breaks."""
    def enter(function):
        MISTAKES[function.__name__.replace("_", "-")] = clause, function
        return function
    return enter


def around(version, method, spot):
    """Replaces an operation by a function that gets the right one first."""
    def replace(function):
        right = OPERATIONS[version, spot][method]
        OPERATIONS[version, spot][method] = lambda zone, call: function(right, zone, call)
        return function
    return replace


@mistake("ENV-4")
def failures_have_no_result():
    answer = Handler.answer

    def without(self, status, text, headers=()):
        if status >= 400:
            members = json.loads(text)
            members.pop("result", None)
            text = json.dumps(members)
        return answer(self, status, text, headers)
    Handler.answer = without


@mistake("IP-3")
def addresses_of_paths_are_compared_as_text():
    find = Zone.find

    def by_text(zone, address):
        if zone.raw is not None and zone.raw != str(address):
            raise documented(1142)
        return find(zone, address)
    Zone.find, Zone.raw = by_text, None
    for version in ("v1", "v2"):
        for method in ("GET", "DELETE"):
            @around(version, method, "*")
            def raw(right, zone, call):
                zone.raw = call.address
                try:
                    return right(zone, call)
                finally:
                    zone.raw = None


@mistake("V2-LIST-5")
def one_page_too_many():
    @around("v2", "GET", "")
    def counted(right, zone, call):
        entries = right(zone, call)
        call.more["result_info"]["total_pages"] += 1
        return entries


@mistake("V2-BATCH-3")
def a_batch_replaces_all():
    @around("v2", "PUT", "batch")
    def replaced(right, zone, call):
        before = dict(zone.mappings)
        zone.mappings.clear()
        try:
            return right(zone, call)
        except Exception:
            zone.mappings.update(before)
            raise


@mistake("V2-DELETE-1")
def a_delete_keeps_the_mapping():
    @around("v2", "DELETE", "*")
    def kept(right, zone, call):
        mapping = zone.find(server.read_address(call.address, 400))
        return {"origin_ip": mapping.ip}


@mistake("V1-CREATE-2")
def a_create_overwrites():
    @around("v1", "POST", "")
    def written(right, zone, call):
        item = server.read_item(call.body)
        address = server.read_address(item.get("ip"))
        server.read_pair(item)
        zone.mappings.pop(address, None)
        return right(zone, call)


@mistake("ENV-2")
def codes_are_texts():
    make = server.problem

    def as_text(code, text=None, pointer=None):
        item = make(code, text, pointer)
        item["code"] = str(item["code"])
        return item
    server.problem = as_text


@mistake("V1-LIST-3")
def lists_lose_the_oldest():
    whole = server.whole_list

    def shorter(zone):
        members = json.loads(whole(zone))
        members["value"] = members["value"][:-1] if len(members["value"]) > 1 else members["value"]
        return server.Encoded(json.dumps(members))
    server.whole_list = shorter


@mistake("REG-4")
def regions_are_bare_names():
    for version in ("v1", "v2"):
        @around(version, "GET", "supported_regions")
        def names(right, zone, call):
            value = right(zone, call)
            vendors = value["vendors"].items()
            return {**value, "vendors": {vendor: [row["name"] for row in rows] for vendor, rows in vendors}}


if __name__ == "__main__":
    cut = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    names = sys.argv[1:cut]
    if names == ["--list"]:
        for name, (clause, _) in MISTAKES.items():
            print(name, clause)
        sys.exit()
    for name in names:
        MISTAKES[name][1]()
    sys.argv[1:] = sys.argv[cut + 1:]
    server.main()
