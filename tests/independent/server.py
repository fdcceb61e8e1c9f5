"""A second, independent server of the Origin Cloud Regions API, version 1 and version 2.

It was written from the contract alone and shares no code with anything it is compared to. Wherever the
contract leaves a choice, this server takes an uncommon but lawful one; README.md lists them.
Only the standard library is used.
"""

import argparse
import hmac
import ipaddress
import itertools
import json
import os
import re
import signal
import socketserver
import sys
import threading
import traceback
import typing
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote

BASE = "/client/v4"
SETTING = "origin_public_cloud_region"
ZONE_LIMIT = 3500
BATCH_LIMIT = 100
BODY_LIMIT = 4 << 20
UNUSABLE = "unusable address"
CAPABILITIES = ["fresh-zones", "fault-injection", "v1", "v2", "both-credentials", "tiered-cache"]

# A small list of invented regions; two vendors share one region name.
REGIONS = {
    "oci": {"mx-tundra-4": [], "shared-south-7": ["GRU"]},
    "gcp": {"antarctica-west3": ["PUQ", "USH"], "europe-islands11": []},
    "azure": {"faroecentral": ["CPH"], "greenlandnorth2": []},
    "aws": {"me-central-9": ["DXB"], "shared-south-7": [], "xx-moon-1": []},
}

TEXTS = {
    1140: f"Unable to update {SETTING} setting value. Internal error.",
    1142: f"Unable to retrieve {SETTING} setting value. The zone setting does not exist.",
    1145: f"Unable to create new {SETTING} setting. The zone setting already exists.",
    1146: "Invalid or missing origin IP address.",
    1156: "Failed to validate region against cloud vendor",
    1157: "The vendor provided doesn't exist or the region provided does not exist"
          " for the specified cloud vendor",
    1164: "Maximum number of IP mappings configured for zone.",
}
STATUSES = {1140: 502, 1142: 404, 1145: 400, 1146: 422, 1156: 504, 1157: 422, 1164: 403}
FAULTS = {"internal-error": 1140, "region-validation": 1156}

compact = json.JSONEncoder(separators=(",", ":")).encode


# ---------------------------------------------------------------- failures

class Refusal(Exception):
    """A failure answer. `errors` is complete; `text` is the sentence a failed batch item shows."""

    def __init__(self, status, *errors, headers=()):
        self.status, self.errors, self.headers = status, errors, headers
        self.text = errors[-1]["message"]


def problem(code, text=None, pointer=None):
    item = {"code": code, "message": text or TEXTS[code]}
    if pointer is not None:
        item["source"] = {"pointer": pointer}
    return item


def documented(code, text=None, status=None, pointer=None):
    return Refusal(status or STATUSES[code], problem(code, text, pointer))


def unlisted(pointer):
    """The documented code stands second here, behind one of this server's own."""
    own = problem(2157, f"The value at {pointer} is absent or not on the list of supported regions.", pointer)
    return Refusal(STATUSES[1157], own, problem(1157))


def unrouted():
    return Refusal(404, problem(7003, "No operation is found at this path."), problem(7000, "No route."))


# ---------------------------------------------------------------- the store

class Encoded(str):
    """JSON text that is ready to be sent."""


class Mapping:
    __slots__ = ("ip", "family", "vendor", "region", "when", "v1_text")

    def __init__(self, address, vendor, region, when):
        self.ip, self.family = str(address), f"ipv{address.version}"
        self.vendor, self.region, self.when = vendor, region, when
        # v1 lists are sent whole, so the text of an entry is generated only once, when the entry is written.
        self.v1_text = compact(self.shown("origin-ip"))

    def pair(self, name):
        return {name: self.ip, "vendor": self.vendor, "region": self.region}

    def shown(self, name):
        return {"family": self.family, **self.pair(name), "modified_on": self.when}


class Zone:
    """One zone's mappings by address; the one written last stands last. Hold `lock` for any use."""

    def __init__(self):
        self.lock = threading.Lock()
        self.mappings = {}
        self.clock = datetime.now(timezone.utc)
        self.touched = None

    def touch(self):
        self.clock = max(self.clock, datetime.now(timezone.utc))
        self.touched = self.clock.isoformat(timespec="microseconds")
        return self.touched

    def make_room(self, addresses):
        added = sum(address not in self.mappings for address in addresses)
        if len(self.mappings) + added > ZONE_LIMIT:
            raise documented(1164)

    def store(self, address, vendor, region):
        mapping = Mapping(address, vendor, region, self.touch())
        self.mappings.pop(address, None)
        self.mappings[address] = mapping
        return mapping

    def find(self, address):
        if address not in self.mappings:
            raise documented(1142)
        return self.mappings[address]

    def remove(self, address):
        mapping = self.find(address)
        del self.mappings[address]
        self.touch()
        return mapping

    def newest_first(self):
        return reversed(self.mappings.values())


# ---------------------------------------------------------------- reading requests

def read_address(text, status=None, pointer=None):
    try:
        if not isinstance(text, str) or "%" in text:
            raise ValueError
        if ":" not in text:
            return ipaddress.IPv4Address(text)
        address = ipaddress.IPv6Address(text)
        if address.ipv4_mapped is not None:
            raise ValueError
        return address
    except ValueError:
        raise documented(1146, status=status, pointer=pointer) from None


def read_pair(item):
    """Vendor and region in any letter case, answered as the list of regions spells them."""
    vendor, region = item.get("vendor"), item.get("region")
    if not isinstance(vendor, str) or vendor.lower() not in REGIONS:
        raise unlisted("/vendor")
    if not isinstance(region, str) or region.lower() not in REGIONS[vendor.lower()]:
        raise unlisted("/region")
    return vendor.lower(), region.lower()


def not_a_number(text):
    raise ValueError(f"{text} is no JSON")


def read_json(body):
    try:
        return json.loads(body.decode("utf-8"), parse_constant=not_a_number)
    except (ValueError, RecursionError):
        raise Refusal(400, problem(2400, "The body cannot be read as JSON.")) from None


def read_item(body):
    item = read_json(body)
    if not isinstance(item, dict):
        raise Refusal(400, problem(2401, "The body has to be one JSON object.", ""))
    return item


def read_rows(body, kind, named):
    """A batch: refused whole if nothing in it is of the right kind; odd rows among good ones fail alone."""
    rows = read_json(body)
    if not isinstance(rows, list) or not any(isinstance(row, kind) for row in rows):
        raise Refusal(400, problem(2402, f"The body has to be a JSON array of {named}.", ""))
    if len(rows) > BATCH_LIMIT:
        raise Refusal(413, problem(2413, f"A batch takes {BATCH_LIMIT} items, this one has {len(rows)}."))
    return rows


def read_count(query, name, default, highest, text):
    """A counting number from the query; the first one counts if it is given more than once."""
    given = query.get(name, [str(default)])[0]
    try:
        number = int(given) if given.isascii() and given.isdigit() else 0
    except ValueError:  # thousands of digits
        number = 0
    if number < 1 or (highest and number > highest):
        raise documented(1146, text)
    return number


# ---------------------------------------------------------------- the operations

OPERATIONS = {}


def operation(version, method, spot):
    def enter(function):
        OPERATIONS.setdefault((version, spot), {})[method] = function
        return function
    return enter


class Call(typing.NamedTuple):
    """What an operation gets of a request. `more` collects further members of the envelope."""
    address: str
    query: dict
    body: bytes
    more: dict


def setting(value, **more):
    return {"editable": True, "id": SETTING, "value": value, **more}


def whole_list(zone):
    entries = ",".join([mapping.v1_text for mapping in zone.newest_first()])
    when = f',"modified_on":"{zone.touched}"' if entries else ""
    return Encoded(f'{{"editable":true,"id":"{SETTING}"{when},"value":[{entries}]}}')


def failure(shown_as, spelling, refusal):
    return {shown_as: spelling if isinstance(spelling, str) else UNUSABLE, "error": refusal.text}


def upsert_rows(zone, body, sent_as, shown_as):
    ready, failed = {}, []
    for row in read_rows(body, dict, "mappings"):
        item = row if isinstance(row, dict) else {}
        spelling = item.get(sent_as)
        try:
            address, pair = read_address(spelling), read_pair(item)
            if address in ready:
                raise Refusal(409, problem(2409, "An earlier item of this batch has the same address."))
            ready[address] = pair
        except Refusal as refusal:
            failed.append(failure(shown_as, spelling, refusal))
    with zone.lock:
        zone.make_room(ready)
        done = [zone.store(address, *pair).pair(shown_as) for address, pair in ready.items()]
        return {"failed": failed, "succeeded": done[::-1]}, zone.touched if done else None


def delete_rows(zone, body, shown_as):
    gone, failed = [], []
    rows = read_rows(body, str, "addresses")
    with zone.lock:
        for spelling in rows:
            try:
                gone.append(zone.remove(read_address(spelling)))
            except Refusal as refusal:
                failed.append(failure(shown_as, spelling, refusal))
    return gone, failed


@operation("v1", "GET", "")
def v1_list(zone, call):
    with zone.lock:
        return whole_list(zone)


@operation("v1", "POST", "")
def v1_create(zone, call):
    item = read_item(call.body)
    address, pair = read_address(item.get("ip"), pointer="/ip"), read_pair(item)
    with zone.lock:
        if address in zone.mappings:
            raise documented(1145)
        zone.make_room([address])
        mapping = zone.store(address, *pair)
    return setting(mapping.shown("origin-ip"), modified_on=mapping.when)


@operation("v1", "PATCH", "")
def v1_upsert(zone, call):
    item = read_item(call.body)
    address, pair = read_address(item.get("ip"), pointer="/ip"), read_pair(item)
    with zone.lock:
        zone.make_room([address])
        zone.store(address, *pair)
        return whole_list(zone)


@operation("v1", "GET", "*")
def v1_get(zone, call):
    address = read_address(call.address, 400)
    with zone.lock:
        return setting(zone.find(address).shown("origin-ip"))


@operation("v1", "DELETE", "*")
def v1_delete(zone, call):
    address = read_address(call.address, 400)
    with zone.lock:
        return setting(zone.remove(address).pair("origin-ip"))


@operation("v1", "PATCH", "batch")
def v1_batch_upsert(zone, call):
    value, when = upsert_rows(zone, call.body, "ip", "origin-ip")
    return setting(value, modified_on=when)


@operation("v1", "DELETE", "batch")
def v1_batch_delete(zone, call):
    gone, failed = delete_rows(zone, call.body, "origin-ip")
    value = {"failed": failed, "succeeded": [{"origin-ip": mapping.ip} for mapping in gone]}
    return setting(value) if gone else setting(value, modified_on=None)


@operation("v2", "GET", "")
def v2_list(zone, call):
    size = read_count(call.query, "per_page", 20, 100, "invalid per_page parameter, must be between 1 and 100")
    page = read_count(call.query, "page", 1, None, "invalid page parameter, must be 1 or more")
    with zone.lock:
        total, start = len(zone.mappings), (page - 1) * size
        # The number of a page past the end may be too large for slicing.
        chosen = itertools.islice(zone.newest_first(), start, start + size) if start < total else ()
        entries = [{"family": mapping.family, **mapping.pair("origin_ip")} for mapping in chosen]
    call.more["result_info"] = {
        "total_pages": -(-total // size), "total_count": total, "per_page": size, "page": page,
        "count": len(entries), "has_more": start + size < total,
    }
    return entries


@operation("v2", "GET", "*")
def v2_get(zone, call):
    address = read_address(call.address, 400)
    with zone.lock:
        return zone.find(address).shown("origin_ip")


@operation("v2", "PUT", "*")
def v2_put(zone, call):
    address = read_address(call.address, 400)
    item = read_item(call.body)
    # The body must repeat the address of the (decoded) path exactly.
    if item.get("origin_ip") != call.address:
        raise documented(1146, "body origin_ip does not match URL", 400, "/origin_ip")
    pair = read_pair(item)
    with zone.lock:
        zone.make_room([address])
        return zone.store(address, *pair).pair("origin_ip")


@operation("v2", "DELETE", "*")
def v2_delete(zone, call):
    address = read_address(call.address, 400)
    with zone.lock:
        return {"origin_ip": zone.remove(address).ip, "deleted": True}


@operation("v2", "PUT", "batch")
def v2_batch_put(zone, call):
    return upsert_rows(zone, call.body, "origin_ip", "origin_ip")[0]


@operation("v2", "DELETE", "batch")
def v2_batch_delete(zone, call):
    gone, failed = delete_rows(zone, call.body, "origin_ip")
    return {"failed": failed, "succeeded": [mapping.pair("origin_ip") for mapping in gone]}


@operation("v1", "GET", "supported_regions")
@operation("v2", "GET", "supported_regions")
def supported_regions(zone, call):
    vendors = {vendor: [{"upper_tier_colos": colos, "name": name, "selectable": True}
                        for name, colos in regions.items()] for vendor, regions in REGIONS.items()}
    return {"vendors": vendors, "obtained_codes": False}


# ---------------------------------------------------------------- HTTP

ROOTS = {("cache", "origin_cloud_regions"): "v1", ("origin", "cloud_regions"): "v2"}
NOTICE = {"v1": [problem(2000, "Version 1 of these operations is deprecated.")], "v2": []}


def find_operations(path):
    """The zone's name, the version, the operations at this path by method, and the path's address."""
    zone, *rest = [unquote(part) for part in path.split("/")]
    version = ROOTS.get(tuple(rest[:2]))
    if not zone or version is None or len(rest) > 3:
        raise unrouted()
    if len(zone) > 32:
        raise Refusal(400, problem(7003, "A zone identifier has 32 characters at most."))
    if len(rest) == 3 and rest[2] not in ("batch", "supported_regions"):
        return zone, version, OPERATIONS[version, "*"], rest[2]
    return zone, version, OPERATIONS[version, "".join(rest[2:])], None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "independent-regions"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # head and body are sent together

    def serve(self):
        version, headers = "v2", ()
        try:
            body = self.read_body()
            path, _, query = self.path.partition("#")[0].partition("?")
            path = re.sub(r"^https?://[^/]*", "", path, flags=re.I)
            if path == BASE + "/__conformance" and self.command == "GET":
                return self.answer(200, compact({"capabilities": CAPABILITIES}))
            self.check_credentials()
            if not path.startswith(BASE + "/zones/"):
                raise unrouted()
            zone, version, methods, address = find_operations(path[len(BASE + "/zones/"):])
            if self.command not in methods:
                allow = ("Allow", ", ".join(methods))
                raise Refusal(405, problem(2405, "This path has no such method."), headers=[allow])
            fault = FAULTS.get(self.headers.get("Conformance-Fault", "").strip().lower())
            if fault:
                raise documented(fault)
            call = Call(address, parse_qs(query, keep_blank_values=True), body, {})
            result = methods[self.command](self.server.zone(zone), call)
            status, more = 200, {"success": True, "errors": [], "messages": NOTICE[version], **call.more}
        except Refusal as refusal:
            status, result, headers = refusal.status, None, refusal.headers
            more = {"success": False, "errors": refusal.errors, "messages": []}
        except ConnectionError:
            self.close_connection = True
            return None
        except Exception:
            traceback.print_exc()
            status, result = 500, None
            more = {"success": False, "errors": [problem(2500, "An unforeseen fault.")], "messages": []}
        text = result if isinstance(result, Encoded) else compact(result)
        return self.answer(status, f'{{"result":{text},{compact(more)[1:]}', headers)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve

    def answer(self, status, text, headers=()):
        data = text.encode("ascii")
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        self.wfile.flush()

    def check_credentials(self):
        options, given = self.server.options, self.headers
        bearer = given.get("Authorization")
        email, key = given.get("X-Auth-Email"), given.get("X-Auth-Key")
        if bearer is not None:
            scheme, _, token = bearer.strip().partition(" ")
            if scheme.lower() != "bearer" or not token.strip():
                raise Refusal(400, problem(6003, "The Authorization header is not of the form Bearer TOKEN."))
            accepted = same(token.strip(), options.token)
        elif email is not None and key is not None:
            accepted = same(email.strip(), options.email) & same(key.strip(), options.key)
        else:
            raise Refusal(400, problem(9106, "Credentials are needed: a bearer token, or email and key."))
        if not accepted:
            raise Refusal(403, problem(9109, "These credentials are not valid."), problem(10000, "No access."))

    def read_body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            body = bytearray()
            while size := self.chunk_size():
                if len(body) + size > BODY_LIMIT:
                    raise self.unreadable(413, "The body is too large.")
                body += self.exactly(size)
                self.rfile.readline()
            while self.rfile.readline(65537).strip():  # trailers
                pass
            return bytes(body)
        length = self.headers.get("Content-Length", "0").strip()
        if not re.fullmatch(r"[0-9]{1,18}", length):
            raise self.unreadable(400, "The Content-Length is not a number.")
        if int(length) > BODY_LIMIT:
            raise self.unreadable(413, "The body is too large.")
        return self.exactly(int(length))

    def chunk_size(self):
        size = self.rfile.readline(1024).partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size):
            raise self.unreadable(400, "The chunks of the body are malformed.")
        return int(size, 16)

    def exactly(self, size):
        data = self.rfile.read(size)
        if len(data) < size:
            raise ConnectionError
        return data

    def unreadable(self, status, text):
        self.close_connection = True
        return Refusal(status, problem(2410, text))

    def send_error(self, code, message=None, explain=None):
        """Requests that the base class turns down are answered in the envelope as well."""
        self.close_connection = True
        self.request_version = self.protocol_version  # after a garbled first line it is 0.9, which has no headers
        errors = [problem(2405 if code == 501 else 2411, message or "The request cannot be read.")]
        failure_form = {"success": False, "errors": errors, "messages": [], "result": None}
        self.answer(405 if code == 501 else code, compact(failure_form))

    def handle_expect_100(self):
        done = super().handle_expect_100()
        self.wfile.flush()
        return done

    def log_message(self, *_):
        pass


def same(given, expected):
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8"))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, options):
        self.options, self.zones, self.lock = options, {}, threading.Lock()
        super().__init__((options.bind, options.port), Handler)

    def zone(self, name):
        with self.lock:
            return self.zones.get(name) or self.zones.setdefault(name, Zone())

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            traceback.print_exc()


def main():
    parser = argparse.ArgumentParser(description="An independent server of the Origin Cloud Regions API.")
    parser.add_argument("--bind", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--token", default="independent-token")
    parser.add_argument("--email", default="operator@example.org")
    parser.add_argument("--key", default="independent-key")
    parser.add_argument("--until-stdin-closes", action="store_true")
    options = parser.parse_args()

    # A pipe wakes the main thread, since writing to a pipe is safe in a signal handler.
    woken, wake = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(wake, b"."))
    server = Server(options)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening on http://{options.bind}:{server.server_address[1]}{BASE}", flush=True)

    def watch_stdin():
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            pass
        os.write(wake, b".")

    if options.until_stdin_closes:
        threading.Thread(target=watch_stdin, daemon=True).start()
    os.read(woken, 1)
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    main()
