"""What an open live page costs the training that it shows: the same training with and without it, a turn each.

DQN on CartPole with its defaults, in either lane, with rows at the default interval and sixteen evaluations, as `lab
train` makes them. A fresh process trains first, which compiles everything, and then measures pairs, in an order that
changes from pair to pair. Beside one side of a pair runs `lab watch` on the folder of all runs so far, in a process of
its own on the same processors, with its page open: by a client that only reads the stream of changes (what the server
costs), or with --browser in a headless Chromium on the same machine, which draws. Server and page are up before the
clock starts.

The cost is given in two ways: the share of the clock's time by which training beside the page took longer (pair by
pair), and the server's own processor time as a share of the clock's, which other processes disturb less.

    python benchmarks/watching_cost.py [--pairs 5] [--threads 2] [--runs dqn_compiled,dqn_host] [--browser chromium]
        [--output FILE]
"""

from __future__ import annotations

import sys
import tempfile
from typing import Any

import paired

SCRIPT = """
import contextlib, json, os, signal, subprocess, sys, tempfile, time
from agents import DQN
from lab import Experiment

FOLDER, BROWSER = {folder!r}, {browser!r}
CLIENT = '''
import re, sys, urllib.request
address = sys.argv[1]
print("open", flush=True)
events = 0
while True:
    # As the page's own script does: where other runs are to be shown it loads the page anew.
    page = urllib.request.urlopen(address).read().decode()
    tag = re.search(r'"version":"([^"]*)"', page)[1]
    for line in urllib.request.urlopen(f"{{address}}events?since={{tag}}"):
        if line.startswith(b"event: renew"):
            break
        if line.startswith(b"data:"):
            events += 1
            print(events, flush=True)
'''

@contextlib.contextmanager
def page_open(found):
    command = [sys.executable, "-m", "lab", "watch", FOLDER, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        address = server.stdout.readline().split(" at ")[1].split()[0]
        with tempfile.TemporaryDirectory() as profile:
            flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run"]
            shown = [BROWSER, *flags, f"--user-data-dir={{profile}}", address]
            command = shown if BROWSER else [sys.executable, "-c", CLIENT, address]
            log = open(os.path.join(FOLDER, "client.log"), "w")
            with subprocess.Popen(command, stdout=log, stderr=subprocess.DEVNULL, start_new_session=False) as client:
                time.sleep(5.0 if BROWSER else 1.0)
                assert client.poll() is None, "the page could not be opened"
                before = used(server.pid)
                yield
                found["server"] = used(server.pid) - before
                client.terminate()
        server.send_signal(signal.SIGINT)
    lines = open(log.name).read().split()
    log.close()
    found["events"] = None if BROWSER else int(lines[-1]) if lines[-1] != "open" else 0

def used(pid):
    # Processor seconds so far, of the user and of the system.
    parts = open(f"/proc/{{pid}}/stat").read().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

def train(name, steps, watched):
    found = {{"server": 0.0, "events": 0}}
    experiment = Experiment(
        DQN(), "CartPole-v1", seed=1, run_dir=FOLDER + "/" + name, lane={lane!r},
        evaluate_every=steps // 16, progress=False,
    )
    with page_open(found) if watched else contextlib.nullcontext():
        began = time.perf_counter()
        experiment.train(steps)
        seconds = time.perf_counter() - began
    return {{"seconds": seconds, "rows": len(experiment.history), **found}}

train("warm", {steps} // 4, False)
pairs = []
for number in range({pairs}):
    sides = ["plain", "watched"] if number % 2 else ["watched", "plain"]
    pairs.append({{side: train(f"{{side}}-{{number}}", {steps}, side == "watched") for side in sides}})
print(json.dumps(pairs))
"""
# Lane and steps on the clock.
RUNS: dict[str, tuple[str, int]] = {"dqn_compiled": ("compiled", 80_000), "dqn_host": ("host", 20_000)}


def main() -> None:
    """Measure every run and print a table and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.set_defaults(pairs=5, threads=2)
    parser.add_argument("--runs", default=",".join(RUNS), help="which, with commas between")
    parser.add_argument("--browser", default="", help="a Chromium that shows the page (default: a client that reads)")
    options = parser.parse_args()
    result = paired.saved(options.output)
    print(f"{options.threads} threads, {options.pairs} pairs each, open in {options.browser or 'a client that reads'}")
    head = f"{'run':14}{'longer: min':>12}{'median':>9}{'max':>9}{'server: median':>16}"
    print(f"{head}{'rows':>7}{'changes':>9}{'steps/s':>10}")
    for name in options.runs.split(","):
        lane, steps = RUNS[name]
        with tempfile.TemporaryDirectory() as folder:
            keys: dict[str, Any] = {"lane": lane, "steps": steps, "pairs": options.pairs, "folder": folder}
            code = SCRIPT.format(**keys, browser=options.browser)
            pairs: Any = paired.run(name, sys.executable, code, options.threads)
        longer = [pair["watched"]["seconds"] / pair["plain"]["seconds"] - 1 for pair in pairs]
        server = [pair["watched"]["server"] / pair["watched"]["seconds"] for pair in pairs]
        low, middle, high = paired.spread(longer)
        speed = paired.spread([steps / pair["plain"]["seconds"] for pair in pairs])[1]
        about = pairs[-1]["watched"]
        changes = "-" if about["events"] is None else about["events"]
        row = f"{name:14}{low:12.2%}{middle:9.2%}{high:9.2%}{paired.spread(server)[1]:16.2%}"
        print(f"{row}{about['rows']:7}{changes:>9}{speed:10,.0f}", flush=True)
        key = f"{name}_browser" if options.browser else name
        result[key] = {"threads": options.threads, "steps": steps, "pairs": pairs, "longer": longer, "server": server}
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
