"""Makes calls through the vendor's SDK and goes on whatever comes back: the answers are for the recorder, and judged later.

Usage: client.py BASE_URL v1|v2 (cloudflare 5.0.0 has the v1 operations, 5.9.0 the v2 ones)
"""

import sys
import uuid

import cloudflare

base_url, version = sys.argv[1:] if len(sys.argv) == 3 else sys.exit("usage: client.py BASE_URL v1|v2")
IS_V1 = version == "v1"
# The names of methods and members differ between the generations.
WRITE, BATCH = ("edit", "bulk_edit") if IS_V1 else ("update", "bulk_update")
ADDRESS = "ip" if IS_V1 else "origin_ip"
SPELLINGS = ["2001:0DB8:0:0:1:0:0:1", "2001:0:0:1:0:0:0:0A", "2001:DB8:0:1:1:1:1:1", "::FFFF", "2001:DB8::"]

client = cloudflare.Cloudflare(api_token="mock-token", base_url=base_url, max_retries=0, timeout=20)
regions = client.cache.origin_cloud_regions
calls = failures = 0


def call(name, *args, **kwargs):
    """One call. A refusal is an answer like any other, and so is one that the SDK can't read."""
    global calls, failures
    calls += 1
    try:
        answer = getattr(regions, name)(*args, **kwargs)
        # The SDK fetches further pages on demand, until one is empty; the pages of a faulty mock may never end.
        if not IS_V1 and name == "list":
            for _ in zip(range(12), answer.iter_pages()):
                pass
    except cloudflare.APIConnectionError as error:
        sys.exit(f"client.py: {name}: {error} {error.__cause__ or ''}")
    except Exception:  # noqa: BLE001
        failures += 1


def zone():
    return uuid.uuid4().hex


def item(ip, vendor="aws", region="eu-west-1"):
    return {ADDRESS: ip, "vendor": vendor, "region": region}


def write(zone_id, ip, vendor="aws", region="eu-west-1"):
    if IS_V1:
        call(WRITE, zone_id=zone_id, **item(ip, vendor, region))
    else:
        call(WRITE, ip, zone_id=zone_id, body_origin_ip=ip, vendor=vendor, region=region)


def singles():
    here = zone()
    call("supported_regions", zone_id=here)
    call("list", zone_id=here)
    call("get", "192.0.2.1", zone_id=here)
    if IS_V1:
        for ip, vendor, region in [
            ("2001:db8::7", "gcp", "europe-west1"), ("2001:0DB8::0:7", "aws", "eu-west-1"),
            ("no-address", "aws", "eu-west-1"), ("192.0.2.9", "aws", "moon-1"), ("192.0.2.9", "nimbus", "x"),
        ]:
            call("create", zone_id=here, **item(ip, vendor, region))
            call("list", zone_id=here)
    for ip in SPELLINGS:
        write(here, ip)
    call("list", zone_id=here)
    for place in [("aws", "eu-west-1"), ("aws", "eu-west-1"), ("azure", "westeurope"), ("aws", "moon-1"), ("nimbus", "x")]:
        write(here, "192.0.2.1", *place)
        call("get", "192.0.2.1", zone_id=here)
    write(here, "192.0.2.10")
    call("list", zone_id=here)
    for ip in ["192.0.2.1", "192.0.2.1", *SPELLINGS, "192.0.2.10"]:
        call("delete", ip, zone_id=here)
        call("get", "192.0.2.10", zone_id=here)
        call("list", zone_id=here)


def batches():
    here = zone()
    many = [f"198.51.100.{number}" for number in range(1, 46)]
    call("list", zone_id=here)
    for body in [
        [item("192.0.2.1"), item("192.0.2.10"), item("2001:DB8::0:1")],
        [item("192.0.2.2", "oci", "eu-frankfurt-1"), item("192.0.2.3", "aws", "nowhere"), item("no-address")],
        [item("192.0.2.1", "aws", "nowhere")],
        [item(ip) for ip in many],
        [item(f"203.0.113.{number}") for number in range(101)],
    ]:
        call(BATCH, zone_id=here, body=body)
        call("list", zone_id=here)
    if not IS_V1:
        for per_page in [10, 15, 100, 101]:
            call("list", zone_id=here, per_page=per_page)
    for addresses in [["192.0.2.1", "2001:db8:0::1", "192.0.2.99", "no-address"], many[:20], many[20:]]:
        call("bulk_delete", zone_id=here, extra_body=addresses)
        call("list", zone_id=here)


singles()
batches()
print(f"{calls} calls, {failures} not accepted")
