"""Runs the shell blocks of the README and the book, those of a page one after the other in a folder of their own.

Usage: blocks.py PATH_TO_ORIGINPROOF SCRATCH_FOLDER
"""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What only a checkout can do is done elsewhere: the run by the binary, the tests by `.ci/run`.
CARGO = """#!/bin/sh
case "$1 $2" in
"run --release") shift 3; exec originproof "$@" ;;
"test "*|"test"|"nextest run") exit 0 ;;
*) echo "cargo $*: not known here" >&2; exit 1 ;;
esac
"""


def free_port() -> int:
    """Returns a port on loopback that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def blocks(page: Path) -> list[str]:
    """Returns the shell blocks of a page."""
    return re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def on_free_ports(script: str) -> str:
    """Returns the script with each port of a page replaced by a free one."""
    for port in sorted(set(re.findall(r"127\.0\.0\.1:(\d+)", script))):
        script = script.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}")
    return script


def main() -> int:
    """Runs all blocks; returns the number of pages that failed."""
    binary, scratch = Path(sys.argv[1]), Path(sys.argv[2])
    tools = scratch / "bin"
    tools.mkdir(parents=True)
    (tools / "originproof").symlink_to(binary)
    (tools / "cargo").write_text(CARGO)
    (tools / "cargo").chmod(0o755)
    mock = subprocess.Popen(
        [binary, "mock", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True
    )
    failed = ran = 0
    try:
        target = mock.stdout.readline().split()[-1]
        environment = os.environ | {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "TARGET": target,
            "CLOUDFLARE_API_TOKEN": "mock-token",
        }
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
            found = blocks(page)
            if not found:
                continue
            folder = scratch / page.stem
            (folder / "runs").mkdir(parents=True)
            # The pages on comparing speak of a run that was kept.
            kept = [binary, "run", "--family", "v2", "--quiet", "--save", folder / "main.json"]
            subprocess.run(kept, cwd=folder, check=True, stdout=subprocess.DEVNULL)
            (folder / "runs" / "a.json").write_bytes((folder / "main.json").read_bytes())
            script = "set -eu\n" + on_free_ports("\n".join(found))
            ended = subprocess.run(
                ["bash", "-c", script],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
            )
            ran += len(found)
            if ended.returncode != 0:
                failed += 1
                print(f"{page.name}: exit code {ended.returncode}")
                print(ended.stdout[-2000:], ended.stderr[-2000:], sep="\n")
    finally:
        mock.terminate()
        mock.wait()
    print(f"{ran} shell blocks ran, {failed} page(s) failed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
