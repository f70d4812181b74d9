"""Every figure of /metrics is fed by what really happens: some calls, good and bad, and then what the page says."""
# Runs once for each of: twilio, acs

import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import provider  # noqa: E402
from gateway import Gateway, tone, wait_for  # noqa: E402
from tap import check, done  # noqa: E402

SPOKEN = 3  # seconds


def figures(server):
    """Each series of the page, `name{labels}`, without the prefix."""
    text = server.request("GET", "/metrics").body.decode()
    return {series: float(value) for series, value in re.findall(r"^trunkline_(\S+) (\S+)$", text, re.MULTILINE)}


def reaches(server, series, value):
    """The figure, once it is what it should be: gauges are set every other second."""
    wait_for(f"{series} to be {value}", lambda: figures(server).get(series) == value)
    return True


def while_a_call_runs(server):
    carrier = NETWORK.ring(server).open().start().speak(0.5)
    server.event(carrier.call_id, "media.started")
    for series in (ACTIVE, "media_streams_active",
                   'connections{kind="websocket"}'):
        check(f"a running call is counted by {series.split('{')[0]}", reaches(server, series, 1))
    found = wait_for("the sinks' queues", lambda: {series for series in figures(server) if series.startswith("sink_queue")})
    check("its sinks tell what waits in them", {f'sink_queue_bytes{{sink="{name}"}}' for name in ("recorder", "embedded")} <= found, found)
    carrier.stop()
    server.ended_call(carrier.call_id)


def what_is_refused(server):
    forged, wrong = NETWORK.call().arrive(server, forged=True), NETWORK.call().malformed(server)
    check("two webhooks are refused", (forged.status, wrong.status) == (403, 400), (forged, wrong))
    arrival, status = NETWORK.webhook_kinds["arrival"], NETWORK.webhook_kinds["status"]
    now = figures(server)
    for series in (f'webhooks_total{{result="forged",type="{arrival}"}}', f'webhooks_total{{result="refused",type="{status}"}}',
                   f'http_requests_total{{method="POST",route="{NETWORK.arrivals}",status="403"}}'):
        check(f"{series} is 1", now.get(series) == 1, now.get(series))


def some_calls(server):
    for arguments in (("--count", 2), ("--fault", "reorder"), ("--fault", "drop")):
        simulator = server.sim("--wav", tone(SPOKEN), "--rate", 10, *arguments)
        printed, _ = simulator.communicate(timeout=60)
        check(f"calls went through: {arguments}", simulator.returncode == 0, printed)


def check_counters(now):
    at_least = {
        f'calls_total{{direction="inbound",outcome="ended",provider="{NETWORK.name}"}}': 4,
        "call_duration_seconds_count": 4,
        "call_duration_seconds_sum": 3 * SPOKEN,
        **{f'webhooks_total{{result="accepted",type="{kind}"}}': 4 for kind in NETWORK.webhook_kinds.values()},
        **{f'webhook_lag_seconds_count{{type="{kind}"}}': 4 for kind in NETWORK.dated},
        f'webhook_lag_seconds_sum{{type="{NETWORK.dated[-1]}"}}': 0.001,
        'media_frames_total{track="inbound"}': 4 * SPOKEN * 40,
        "media_frames_late_total": 5,
        "media_gaps_total": 5,
        "media_lost_ms_total": 100,
        "relay_delay_seconds_count": 4,
        "relay_delay_seconds_sum": 0.00001,
        'sink_dropped_total{sink="recorder"}': 0,
        'sink_dropped_total{sink="embedded"}': 0,
        'recordings_total{result="completed"}': 4,
        f'http_requests_total{{method="POST",route="{NETWORK.arrivals}",status="200"}}': 4,
        f'http_request_duration_seconds_count{{route="{NETWORK.arrivals}"}}': 4,
        'event_loop_lag_seconds{worker="0"}': 0,
        'event_loop_delay_seconds_count{worker="0"}': 1,
        "store_queue": 0,
        "events_dropped_total": 0,
        "log_lines_dropped_total": 0,
    }
    for series, least in at_least.items():
        check(f"{series} is at least {least}", now.get(series, -1) >= least, now.get(series))
    check("the build is named", any(re.fullmatch(r'build_info\{version=".+"\}', series) for series in now))


def check_confidence(server):
    """What was understood is as sure as a share can be."""
    simulator = server.sim()
    printed, _ = simulator.communicate(timeout=120)
    check("the sample call went through", simulator.returncode == 0, printed)
    counted = 'transcript_segments_total{engine="embedded"}'
    wait_for("segments", lambda: figures(server).get(counted, 0) >= 3)
    now = figures(server)
    mean = now['transcript_confidence_sum{engine="embedded"}'] / now['transcript_confidence_count{engine="embedded"}']
    check("the confidence of its segments is counted", 0.3 < mean <= 1, mean)


def all_is_over(server):
    for gauge in (ACTIVE, "media_streams_active", 'connections{kind="websocket"}', 'sink_queue_bytes{sink="recorder"}',
                  'sink_queue_bytes{sink="embedded"}'):
        check(f"when all is over {gauge} is back at 0", reaches(server, gauge, 0))


NETWORK = provider.start()
ACTIVE = f'calls_active{{direction="inbound",provider="{NETWORK.name}"}}'
with Gateway(**NETWORK.settings) as gateway:
    while_a_call_runs(gateway)
    what_is_refused(gateway)
    all_is_over(gateway)
with Gateway(**provider.simulated()) as gateway:
    some_calls(gateway)
    all_is_over(gateway)
    wait_for("the recordings", lambda: figures(gateway).get('recordings_total{result="completed"}') == 4)
    check_counters(figures(gateway))
    check_confidence(gateway)
done()
