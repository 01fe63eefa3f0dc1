"""A real Chromium, driven over its DevTools protocol: keys, not calls of functions of the page."""

import asyncio
import base64
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

PROGRAM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--remote-debugging-port=0",
)
_KEYS = {
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    " ": (32, " "),
    "ArrowDown": (40, ""),
    "ArrowRight": (39, ""),
}


class Page:
    """One tab. What the tests ask of it they ask from outside: the page itself runs no script."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._number = 0
        self._session: str | None = None
        self._loaded = 0

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command, and its answer."""
        self._number += 1
        sent: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            sent["sessionId"] = self._session
        await self._line.send(json.dumps(sent))
        while True:
            told = json.loads(await asyncio.wait_for(self._line.recv(), 20))
            self._loaded += told.get("method") == "Page.loadEventFired"
            if told.get("id") == self._number:
                assert "error" not in told, told
                answer: dict[str, Any] = told["result"]
                return answer

    async def attach(self) -> None:
        """Take the first tab."""
        target = (await self.call("Target.createTarget", url="about:blank"))["targetId"]
        self._session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        await self.call("Page.enable")

    async def resize(self, width: int, height: int = 800) -> None:
        """Be a screen of that many pixels."""
        mobile = width < 500
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile
        )

    async def without_script(self) -> None:
        """Let pages run no script from here on."""
        await self.call("Emulation.setScriptExecutionDisabled", value=True)

    async def open(self, address: str) -> None:
        """Go to an address, and wait until it is there."""
        before = self._loaded
        await self.call("Page.navigate", url=address)
        await self.loaded(before)

    async def loaded(self, before: int) -> None:
        """Wait until one more page than `before` has loaded."""
        while self._loaded <= before:
            told = json.loads(await asyncio.wait_for(self._line.recv(), 20))
            self._loaded += told.get("method") == "Page.loadEventFired"

    async def ask(self, expression: str) -> Any:
        """The value of an expression about the page."""
        told = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def leave(self, expression: str) -> None:
        """Do what leads to another page, and wait until it is there."""
        before = self._loaded
        await self.ask(expression)
        await self.loaded(before)

    async def press(self, key: str, *, load: bool = False) -> None:
        """Press and release a key; with `load`, wait for the page that it leads to."""
        code, text = _KEYS[key]
        facts = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code}
        before = self._loaded
        await self.call("Input.dispatchKeyEvent", type="keyDown", **facts, **({"text": text} if text else {}))
        await self.call("Input.dispatchKeyEvent", type="keyUp", **facts)
        if load:
            await self.loaded(before)

    async def type(self, text: str) -> None:
        """Type a text where the focus is, key by key."""
        for char in text:
            await self.call("Input.dispatchKeyEvent", type="keyDown", text=char, key=char)
            await self.call("Input.dispatchKeyEvent", type="keyUp", key=char)

    async def choose_file(self, selector: str, path: Path) -> None:
        """What the file dialog of the system does once somebody has chosen: the dialog is not the page's."""
        node = (await self.call("DOM.getDocument"))["root"]["nodeId"]
        found = (await self.call("DOM.querySelector", nodeId=node, selector=selector))["nodeId"]
        await self.call("DOM.setFileInputFiles", nodeId=found, files=[str(path)])

    async def picture(self, path: Path, *, whole: bool = True) -> None:
        """Write a PNG of the page, of all of it or of what is seen."""
        # The first one may show what was there before the last key: it makes the page paint itself.
        for _ in range(2):
            shot = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))


@asynccontextmanager
async def browser() -> AsyncIterator[Page]:
    """A browser of its own with an empty profile, gone at the end."""
    assert PROGRAM is not None
    with tempfile.TemporaryDirectory(prefix="relance-chromium-", ignore_cleanup_errors=True) as profile:
        program = await asyncio.create_subprocess_exec(
            PROGRAM,
            *_FLAGS,
            f"--user-data-dir={profile}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            address = await asyncio.wait_for(_address(program), 30)
            async with connect(address, max_size=64 * 1024 * 1024) as line:
                page = Page(line)
                await page.attach()
                yield page
        finally:
            program.terminate()
            await program.wait()


async def _address(program: asyncio.subprocess.Process) -> str:
    assert program.stderr is not None
    while line := await program.stderr.readline():
        told = line.decode(errors="replace")
        if told.startswith("DevTools listening on "):
            return told.removeprefix("DevTools listening on ").strip()
    raise AssertionError("Chromium ended before it listened")
