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
first, second = printed.find("by way of Twilio"), printed.find("by way of Azure")
check("a call of each provider comes", 0 < first < second, printed)
parts = {"Twilio": printed[first:second], "Azure": printed[second:printed.find("The recordings,")]}
for provider, part in parts.items():
    said = [line for line in part.splitlines() if "transcript.segment" in line]
    for words in ("check my balance", "4271", "yes"):
        check(f"{provider}: the caller was understood to say {words}", any(words in line for line in said), part)
    moments = [part.find(kind) for kind in ("call.received", "media.started", "transcript.segment", "media.ended",
                                            "recording.completed")]
    check(f"{provider}: events come in the order of the call", moments == sorted(moments) and moments[0] >= 0, part)
    check(f"{provider}: the whole transcript was printed before the next thing",
          0 < part.rfind("transcript.segment") < part.find("transcript.ended"), part)
    check(f"{provider}: nothing was wrong with it", "trouble" not in part and "failed" not in part, part)
recordings = sorted((data / "recordings").rglob("*.wav"))
times = [line.split()[0] for line in printed.splitlines() if line.startswith("  23:59:") or line.startswith("  00:00:")]
check("the calls went over midnight", times and times[0][:2] == "23" and times[-1][:2] == "00", times)
check("there are two recordings, where it says",
      len(recordings) == 2 and all(str(path) in printed for path in recordings), printed)
audios = sorted((Audio(path.read_bytes()) for path in recordings), key=lambda audio: audio.rate)
check("Twilio's plays as telephone audio, Azure's in 16 kHz",
      audios[0].is_stereo() and (audios[1].channels, audios[1].rate, audios[1].bits) == (2, 16000, 16),
      [audio.rate for audio in audios])
check("with the caller and us in both", all(max(audio.left) > 2000 and max(audio.right) > 2000 for audio in audios),
      [audio.seconds for audio in audios])
lines = printed.strip().splitlines()
check("after the summary no event follows, and it says that it is over",
      lines[-1] == "The demonstration is over." and "Ctrl-C" not in printed, lines[-1])
check("it says where to look", all(f"http://127.0.0.1:{port}{path}" in printed for path in ("/docs", "/metrics")), printed)
check("and complains about nothing", result.stderr == "", result.stderr)
done()
