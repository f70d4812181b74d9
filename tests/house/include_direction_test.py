"""tests/include_direction.py sees every kind of wrong include, and only those."""

import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "support")]
import include_direction  # noqa: E402
from tap import check, done  # noqa: E402

PAGE = """# Page

## Modules

```
app -> calls, rooms
    -> store, net -> base
peers: rooms -> calls
never: calls -> net, store/sqlite*
```

## Next
"""


def offences(path, include):
    """What is found in a tree where the file `path` has this one include."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        files = {"docs/development.md": PAGE, "src/net/socket.hpp": "", "src/calls/fold.hpp": "",
                 path: f"#pragma once\n\n#include {include}\n"}
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return include_direction.check(root)[1]


def allowed(name, path, include):
    found = offences(path, include)
    check(f"allowed: {name}", not found, found)


def refused(name, path, include, reason):
    found = offences(path, include)
    check(f"refused: {name}", found == [f"{path}:3: {reason}"], found)


allowed("a module below", "src/app/main.cpp", "<trunkline/base/ids.hpp>")
allowed("its own public header", "src/calls/a.cpp", "<trunkline/calls/call.hpp>")
allowed("its own private header", "src/calls/a.cpp", '"fold.hpp"')
allowed("its own private header from the top of src", "src/calls/deep/a.cpp", '"calls/fold.hpp"')
allowed("a listed peer", "include/trunkline/rooms/a.hpp", "<trunkline/calls/call.hpp>")
allowed("a port of a module whose drivers are forbidden", "src/calls/a.cpp", "<trunkline/store/sql.hpp>")
allowed("a library", "include/trunkline/base/a.hpp", "<boost/asio/awaitable.hpp>")

refused("a module above", "include/trunkline/base/a.hpp", "<trunkline/store/sql.hpp>", "base is below store")
refused("a module above, past spaces", "src/base/a.cpp", " <trunkline/app/app.hpp>", "base is below app")
refused("a peer that is not listed", "src/calls/a.cpp", "<trunkline/rooms/room.hpp>",
        "calls and rooms are peers, and 'calls -> rooms' is not listed")
refused("a forbidden module below", "src/calls/a.cpp", "<trunkline/net/http.hpp>", "calls never includes net/http.hpp")
refused("a forbidden driver", "src/calls/a.cpp", "<trunkline/store/sqlite_database.hpp>",
        "calls never includes store/sqlite_database.hpp")
refused("another module's private header", "src/app/a.cpp", '"net/socket.hpp"', "net/socket.hpp is private to net")
refused("another module's private header by a relative path", "src/app/a.cpp", '"../net/socket.hpp"',
        "../net/socket.hpp is private to net")
refused("a private header in a public one", "include/trunkline/calls/a.hpp", '"fold.hpp"',
        'a public header includes "fold.hpp"; it may include <trunkline/...> only')
refused("an unknown module", "src/app/a.cpp", "<trunkline/common/x.hpp>", "module 'common' is not in the order")

found = offences("src/common/a.cpp", "<trunkline/base/ids.hpp>")
expected = ["src/common/a.cpp:1: module 'common' is not in the order"]
check("refused: a folder that is no module", found == expected, found)

files, found = include_direction.check(ROOT)
check("the tree includes downwards only", files and not found, "\n".join(found))
done()
