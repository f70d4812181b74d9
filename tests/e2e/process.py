"""The process and its surroundings: configuration, ports, folders, signals, calls that nobody ends."""
# Runs once for each of: twilio, acs

import json
import os
import pathlib
import signal
import socket
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
import provider  # noqa: E402
from gateway import AUTH_TOKEN, Gateway, free_port, run, scratch, voice_params, wait_for  # noqa: E402
from tap import check, done, together  # noqa: E402
import websocket  # noqa: E402

FAILED, CONFIGURATION = 1, 3  # exit statuses


def refused(**settings):
    """The exit status of a start that cannot succeed, and all that it printed."""
    result = run("serve", **{"HOST": "127.0.0.1", "PORT": free_port(), "DATA_DIR": scratch(), **settings})
    return result.returncode, result.stdout + result.stderr


def wrong_configuration():
    status, printed = refused(PORT="eighty", PUBLIC_URL="calls.example.com", LOG_LEVEL="loud", JWT_SECRET="short",
                              TLS_CERT_FILE="/nowhere.pem", TWILIO_AUTH_TOKEN_FILE="/nowhere.txt")
    check("a wrong configuration ends with its own status", status == CONFIGURATION, printed)
    named = [name for name in ("PORT", "PUBLIC_URL", "LOG_LEVEL", "JWT_SECRET", "TLS_CERT_FILE", "TWILIO_AUTH_TOKEN_FILE")
             if name not in printed]
    check("and names all that is wrong at once", named == [], (named, printed))
    check("without showing a secret", "short" not in printed.replace("shorter", ""), printed)
    check("an example is given as it is typed", "(for example PORT=8080)" in printed, printed)
    file = scratch() / "trunkline.yaml"
    file.write_text("log: {level: loud}\nroutes: sales\n")
    status, printed = refused(TRUNKLINE_CONFIG=file)
    check("and for the file as it is written there",
          "log.level: 'loud' is not" in printed and "(for example info)" in printed
          and "(for example routes: [{name: sales}])" in printed, printed)
    check("a wrong command line has another status", run("serve", "--unheard-of").returncode == 2)


def what_settings_name():
    """What a table of options cannot see: files, drivers, and words that nobody knows how to say."""
    file, routes, data = scratch() / "file", scratch() / "routes.yaml", scratch() / "data"
    file.write_text("no certificate and no key")
    routes.write_text("""
routes:
  - {name: menu, engine: embedded, phrases: [billing, zzyzx qwrtp, main menu, call trunkleberry]}
  - {name: berlin, engine: embedded, language: de-DE}
  - {name: silent, transcribe: false, language: de-DE, phrases: [zzyzx]}
""")
    wrong = {"TLS_CERT_FILE": file, "TLS_KEY_FILE": file, "JWT_PUBLIC_KEY_FILE": file, "TRUNKLINE_CONFIG": routes,
             "DATABASE_URL": "mysql://me:hunter2@db/calls", "PORT": "eighty", "DATA_DIR": data}
    told = ["PORT: 'eighty'", f"TLS_CERT_FILE: {file} cannot be used", f"JWT_PUBLIC_KEY_FILE: {file}: the file holds no",
            "DATABASE_URL: does not begin with postgresql://", "routes[0].phrases: in route 'menu': 'zzyzx qwrtp'",
            "routes[0].phrases: in route 'menu': 'call trunkleberry'", "'trunkleberry' is said",
            "routes[1].language: in route 'berlin'", "7 problem(s)"]
    status, printed = refused(**wrong)
    check("what settings name is looked at before the start", status == CONFIGURATION, printed)
    missing = [text for text in told if text not in printed]
    check("and all that is wrong is said at once", missing == [], (missing, printed))
    check("without a password", "hunter2" not in printed, printed)
    check("and without a database", not (data / "trunkline.db").exists())
    status, verdicts = verdicts_of(**wrong)
    check("`doctor` looks at all that does not depend on a wrong variable",
          status == CONFIGURATION and "DATA_DIR is writable" in verdicts and "HOST and PORT are free" not in verdicts, verdicts)
    findings = [name for name, (verdict, _) in verdicts.items() if verdict == "wrong"]
    check("and finds the same", findings == ["TLS_CERT_FILE and TLS_KEY_FILE fit", "tokens can be checked",
                                             "the embedded engine can serve the routes"], verdicts)


def secrets_in_files():
    path = scratch() / "token"
    path.write_text(AUTH_TOKEN + "\n")
    with Gateway(TWILIO_AUTH_TOKEN=None, TWILIO_AUTH_TOKEN_FILE=path) as server:
        check("a secret may come from a file", server.webhook("/webhooks/twilio/voice", voice_params()).status == 200)
        doctor = run("doctor", **server.settings)
        check("`doctor` shows no secret", AUTH_TOKEN not in doctor.stdout + doctor.stderr, doctor)
        wait_for("the log to tell of the call", lambda: "call arrives" in server.log())
        check("and neither does the log", AUTH_TOKEN not in server.log() and "+14155550123" not in server.log())


def verdicts_of(**settings):
    """What `doctor` finds: its exit status, and (verdict, finding) by the check's name."""
    result = run("doctor", "--json", **{"HOST": "127.0.0.1", "PORT": free_port(), "DATA_DIR": scratch(), **settings})
    rows = json.loads(result.stdout)["checks"]
    return result.returncode, {row["name"]: (row["verdict"], row["finding"]) for row in rows}


def doctor_finds():
    status, verdicts = verdicts_of()
    check("`doctor` has nothing against the defaults, with status 0",
          status == 0 and all(verdict != "wrong" for verdict, _ in verdicts.values()), verdicts)
    check("and says what they lack", verdicts["Twilio is configured"][0] == "limited", verdicts)
    file = scratch() / "file"
    file.write_text("no folder, no certificate and no key")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        wrong = {
            "a data folder that cannot be": ("DATA_DIR is writable", {"DATA_DIR": file}, str(file)),
            "a recordings folder that cannot be": ("RECORDING_DIR is writable", {"RECORDING_DIR": file}, str(file)),
            "a port in use": ("HOST and PORT are free", {"PORT": port}, f"port {port} is in use"),
            "a certificate that is none": ("TLS_CERT_FILE and TLS_KEY_FILE fit",
                                           {"TLS_CERT_FILE": file, "TLS_KEY_FILE": file}, "TLS_CERT_FILE"),
            "a public key that is none": ("tokens can be checked", {"JWT_PUBLIC_KEY_FILE": file}, "JWT_PUBLIC_KEY_FILE"),
            "a key set that is none": ("tokens can be checked", {"JWT_JWKS_FILE": file}, "JWT_JWKS_FILE"),
        }
        for what, (name, settings, told) in wrong.items():
            status, verdicts = verdicts_of(**settings)
            verdict, finding = verdicts[name]
            others = [other for other, (kind, _) in verdicts.items() if kind == "wrong" and other != name]
            check(f"`doctor` finds {what}, with status 1",
                  status == FAILED and verdict == "wrong" and told in finding, (status, verdicts))
            check(f"{what} is all that it finds", others in ([], ["RECORDING_DIR is writable"]), others)
    status, printed = refused(HOST="localhost")
    check("a host name to listen on is found before the start",
          status == CONFIGURATION and "HOST" in printed and "not an IP address" in printed, printed)


def surroundings():
    with Gateway() as server:
        status, printed = refused(PORT=server.port)
        check("a port in use is a clear error", status == FAILED and f"port {server.port} is in use" in printed, printed)
        status, printed = refused(DATA_DIR=server.data)
        check("two processes on one data folder are a clear error",
              status == FAILED and "data folder is in use" in printed and str(server.data) in printed, printed)
        check("that leaves the first alone", server.is_ready())


def folders():
    file = scratch() / "file"
    file.write_text("")
    for name, path in {"a file": file, "a device": "/dev/full", "something in a file": file / "data"}.items():
        status, printed = refused(DATA_DIR=path)
        check(f"{name} as data folder is a clear error", status == CONFIGURATION and str(path) in printed, printed)
    # Also root cannot write here.
    status, printed = refused(DATA_DIR="/proc/trunkline")
    check("a data folder that cannot be written is a clear error",
          status == CONFIGURATION and "DATA_DIR: /proc/trunkline" in printed, printed)


def recordings_that_cannot_be_written():
    """A recorder that fails is an event; the call's other sinks, and the call, go on."""
    data = scratch()
    (data / "recordings").write_text("a file where a folder should be")
    with Gateway(data=data, **NETWORK.settings) as server:
        carrier = NETWORK.ring(server).open().start().speak(0.5)
        failed = server.event(carrier.call_id, "recording.failed")
        check("a recording that cannot be written is an event with its reason", failed["data"]["reason"], failed)
        carrier.speak(0.5).stop()
        check("its row says so", server.finished_recording(carrier.call_id)["state"] == "failed")
        check("the call ends well all the same", server.ended_call(carrier.call_id)["state"] == "ENDED")
        quality = server.event(carrier.call_id, "quality.summary")["data"]["tracks"]["inbound"]
        check("and its other sinks heard everything", quality["frames"] == 50, quality)


def tokens_of_others():
    """Tokens that are checked with a public key are issued elsewhere."""
    key = scratch() / "key.pem"
    key.write_text("a public key")
    for name in ("JWT_PUBLIC_KEY_FILE", "JWT_JWKS_FILE"):
        result = run("token", DATA_DIR=scratch(), **{name: key})
        check(f"with {name} `token` says that it has nothing to sign with",
              result.returncode == CONFIGURATION and result.stdout == "" and name in result.stderr
              and "private key" in result.stderr, result)


def draining():
    with Gateway(DRAIN_TIMEOUT_S=60, **NETWORK.settings) as server:
        carrier = NETWORK.ring(server).open().start().speak(0.5)
        server.event(carrier.call_id, "media.started")
        server.signal()
        wait_for("readiness to go off", lambda: server.request("GET", "/readyz").status == 503)
        check("while draining the process is alive", server.request("GET", "/livez").status == 200)
        late = NETWORK.ring(server)
        check("a new call is told that the line is busy", late.refusal == "busy" and not late.taken, late.answer)
        carrier.speak(0.5)
        check("a running call goes on", server.json(f"/api/v1/calls/{carrier.call_id}")["state"] == "CONNECTED")
        carrier.stop()
        check("when it is over the process ends with status 0", server.process.wait(30) == 0)
    with Gateway(data=server.data) as server:
        row = server.finished_recording(carrier.call_id)
        check("and its recording was finished", row["durationMs"] == 1000 and not row["recovered"], row)


def second_signal():
    with Gateway(DRAIN_TIMEOUT_S=600, **NETWORK.settings) as server:
        carrier = NETWORK.ring(server).open().start().speak(0.5)
        server.event(carrier.call_id, "media.started")
        server.signal()
        wait_for("readiness to go off", lambda: server.request("GET", "/readyz").status == 503)
        server.signal(signal.SIGINT)
        check("a second signal ends at once, with status 1", server.process.wait(10) == FAILED)


def second_signal_while_stopping():
    with Gateway(DRAIN_TIMEOUT_S=600) as server:
        follower = server.socket("/api/v1/events")
        server.signal()
        opcode = follower.reader.read(2)[0] & 0x0F  # not answered: the gateway waits for that
        check("a subscriber is told when the gateway stops", opcode == websocket.CLOSE, opcode)
        server.signal(signal.SIGINT)
        check("a second signal ends it at once, also when stopping has begun", server.process.wait(10) == FAILED)
    with Gateway() as server:
        follower = server.socket("/api/v1/events")
        server.signal()
        check("without one, a subscriber that does not answer is waited for and left, with status 0",
              server.process.wait(30) == 0)
        follower.abort()


def drain_limit():
    with Gateway(DRAIN_TIMEOUT_S=1, **NETWORK.settings) as server:
        carrier = NETWORK.ring(server).open().start().speak(0.5)
        server.event(carrier.call_id, "media.started")
        check("a call that does not end is ended by the limit, with status 0", server.end() == 0)
        check("its carrier is told", carrier.closed_with() in (1000, 1001), carrier.socket.close_code)
    with Gateway(data=server.data) as server:
        row = server.finished_recording(carrier.call_id)
        check("its recording was finished in time", row["state"] == "completed" and not row["recovered"], row)
        ended = server.event(carrier.call_id, "media.ended")
        check("and the log says why", ended["data"]["cause"] == "shutdown", ended)


def stale_calls():
    with Gateway(RINGING_TIMEOUT_S=1, CONNECTING_TIMEOUT_S=1, REAPER_INTERVAL_S=1, **NETWORK.settings) as server:
        carrier = NETWORK.ring(server)
        call = server.ended_call(carrier.call_id)
        check("a call that rings for too long is closed, with the reason", call["state"] != "ENDED" and call["endReason"], call)
        closed = server.event(carrier.call_id, "call.closed")
        check("by an event that says why", closed["data"]["reason"] == f"timeout-{NETWORK.first_state.lower()}", closed)


NETWORK = provider.start()
if NETWORK.name == "twilio":  # whoever brings the calls
    together([wrong_configuration, what_settings_name, secrets_in_files, doctor_finds, surroundings, folders, tokens_of_others,
              second_signal_while_stopping])
together([recordings_that_cannot_be_written, draining, second_signal, drain_limit, stale_calls])
done()
