"""`trunkline serve --demo --demo-once`: what `make run` shows, from an empty environment, while a day ends."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(os.environ["TRUNKLINE_SOURCE_DIR"]) / "tests" / "support"))
from gateway import SOURCE, Audio, free_port, run, scratch  # noqa: E402
from tap import check, done  # noqa: E402

midnight = scratch() / "before_midnight.so"
subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", midnight, SOURCE / "tests" / "support" / "before_midnight.c", "-ldl"],
               check=True)
data, port = scratch(), free_port()
result = run("serve", "--demo", "--demo-once", timeout=240, HOST="127.0.0.1", PORT=port, DATA_DIR=data,
             LD_PRELOAD=midnight)
printed = result.stdout
check("the demonstration ends with status 0", result.returncode == 0, printed + result.stderr)
said = [line for line in printed.splitlines() if "transcript.segment" in line]
for words in ("check my balance", "4271", "yes"):
    check(f"the caller was understood to say {words}", any(words in line for line in said), printed)
moments = [printed.find(kind) for kind in ("call.received", "media.started", "transcript.segment", "media.ended",
                                           "recording.completed")]
check("events come in the order of the call", moments == sorted(moments) and moments[0] >= 0, printed)
recordings = list((data / "recordings").rglob("*.wav"))
times = [line.split()[0] for line in printed.splitlines() if line.startswith("  23:59:") or line.startswith("  00:00:")]
check("the call went over midnight", times and times[0][:2] == "23" and times[-1][:2] == "00", times)
check("there is one recording, where it says", len(recordings) == 1 and str(recordings[0]) in printed, printed)
audio = Audio(recordings[0].read_bytes())
check("that plays, with the caller in it", audio.is_stereo_telephone() and max(audio.left) > 2000, audio.seconds)
check("the whole transcript was printed before the summary",
      0 < printed.rfind("transcript.segment") < printed.find("transcript.ended") < printed.find("The recording,"), printed)
lines = printed.strip().splitlines()
check("after the summary no event follows, and it says that it is over",
      lines[-1] == "The demonstration is over." and "Ctrl-C" not in printed, lines[-1])
check("it says where to look", all(f"http://127.0.0.1:{port}{path}" in printed for path in ("/docs", "/metrics")), printed)
check("and complains about nothing", result.stderr == "", result.stderr)
done()
