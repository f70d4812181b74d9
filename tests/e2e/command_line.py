"""What is typed: words that no command has, options that do not fit, and what the simulator does with good ones."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
from gateway import AUTH_TOKEN, Audio, Gateway, run, scratch, tone  # noqa: E402
from tap import check, done, together  # noqa: E402

FAILED, USAGE = 1, 2  # exit statuses


def words():
    for arguments in (["nosuch"], ["sim", "nosuch"], ["nosuch", "--json"]):
        result = run(*arguments)
        check(f"`{' '.join(arguments)}` names the word that is not known",
              result.returncode == USAGE and "nosuch" in result.stderr, result)
    check("words are named as they were typed", "nosuch more" in run("nosuch", "more").stderr)
    result = run()
    check("without a command one is asked for", result.returncode == USAGE and "subcommand" in result.stderr, result)
    result = run("--version")
    check("`--version` says what `version` says", result.returncode == 0 and result.stdout == run("version").stdout, result)


def options():
    result = run("serve", "--demo-once")
    check("`--demo-once` asks for `--demo`", result.returncode == USAGE and "--demo" in result.stderr, result)
    for target in ("notaurl", "ws://127.0.0.1", "http://127.0.0.1/?a=1"):
        result = run("sim", "call", "--target", target)
        check(f"{target} is no target", result.returncode == USAGE and "--target" in result.stderr, result)
    result = run("sim", "call", "--target", "http://me:hunter2@127.0.0.1")
    check("a password in a target is not repeated", result.returncode == USAGE and "hunter2" not in result.stderr, result)


def simulate(*arguments):
    return run("sim", "call", "--json", "--wav", tone(0.2), *map(str, arguments), TWILIO_AUTH_TOKEN=AUTH_TOKEN)


def simulator():
    with Gateway() as server:
        heard = scratch() / "heard.wav"
        result = simulate("--target", server.origin + "/", "--count", 3, "--rate", 50, "--keep", heard)
        calls = [json.loads(line) for line in result.stdout.splitlines()]
        check("a target may end in a slash", result.returncode == 0 and len(calls) == 3, result)
        kept = sorted(path.name for path in heard.parent.iterdir())
        check("what each call heard is kept", kept == ["heard-2.wav", "heard-3.wav", "heard.wav"], kept)
        check("as audio", all(Audio(path.read_bytes()).rate == 8000 for path in heard.parent.iterdir()))
        nowhere = scratch() / "file" / "heard.wav"
        nowhere.parent.write_text("")
        result = simulate("--target", server.origin, "--keep", nowhere)
        check("a file that cannot be kept is an error that names it",
              result.returncode == FAILED and str(nowhere.parent) in result.stderr, result)


together([words, options, simulator])
done()
