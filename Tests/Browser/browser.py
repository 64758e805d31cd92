"""Drives a headless Chromium over its debugging pipe. The standard library is enough for that."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class Browser:
    """One browser with a profile of its own."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="nightshift-browser-")
        to_browser, self.out = os.pipe()
        self.inn, from_browser = os.pipe()

        def hand_over():
            # The browser reads from 3 and writes to 4.
            first, second = os.dup(to_browser), os.dup(from_browser)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen(
            [shutil.which("chromium") or "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--remote-debugging-pipe", f"--user-data-dir={self.profile}", "--no-first-run", "about:blank"],
            preexec_fn=hand_over, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.count = 0
        self.events = []

    def send(self, method, session=None, timeout=30, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        wanted = self.count
        deadline = time.monotonic() + timeout
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == wanted:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer.get("result", {})
            self.events.append(answer)

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.inn], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            piece = os.read(self.inn, 1 << 20)
            if not piece:
                raise RuntimeError("the browser is gone")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def page(self, **options):
        return Page(self, **options)

    def close(self):
        try:
            self.send("Browser.close", timeout=5)
            self.process.wait(timeout=10)
        except (TimeoutError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


class Page:
    def __init__(self, browser, width=1280, height=860, dark=False, phone=False, scripts=True, headers=None):
        self.browser = browser
        # Under the emulation of a phone `innerWidth` grows with a page that is too wide: this does not.
        self.width = width
        target = browser.send("Target.createTarget", url="about:blank")["targetId"]
        self.target = target
        self.session = browser.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Runtime.enable")
        self.call("Log.enable")
        self.call("Network.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if phone else 1,
                  mobile=phone)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        if not scripts:
            self.call("Emulation.setScriptExecutionDisabled", value=True)
        if headers:
            self.call("Network.setExtraHTTPHeaders", headers=headers)

    def call(self, method, **parameters):
        return self.browser.send(method, session=self.session, **parameters)

    def wait(self, name, timeout=20):
        deadline = time.monotonic() + timeout
        while True:
            for event in self.browser.events:
                if event.get("method") == name and event.get("sessionId") == self.session:
                    self.browser.events.remove(event)
                    return event["params"]
            self.browser.events.append(self.browser.receive(deadline))

    def open(self, url):
        self.browser.events = [event for event in self.browser.events if event.get("method") != "Page.loadEventFired"]
        self.call("Page.navigate", url=url)
        self.wait("Page.loadEventFired")

    def run(self, script):
        """The value of a script, which may be a promise."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", "script failed"))
        return answer["result"].get("value")

    def until(self, script, timeout=15):
        """Waits until a script is true, looking again with each frame of the page."""
        return self.run(
            f"new Promise((done, fail) => {{ const end = Date.now() + {int(timeout * 1000)};"
            f" const look = () => {{ const value = ({script}); if (value) return done(value);"
            f" if (Date.now() > end) return fail(new Error('waited in vain for: ' + {json.dumps(script)}));"
            " setTimeout(look, 30); }; look(); })")

    def hold(self, key, times, since_before=False):
        """Keeps a key down for so many of its repeats, and lets go of it.

        - since_before: Whether it was pressed on the page before, and only goes on repeating on this one.
        """
        for count in range(times):
            self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key, autoRepeat=since_before or count > 0)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def excess(self):
        """By how many pixels the page is wider than the screen."""
        return max(0, self.run("document.documentElement.scrollWidth") - self.width)

    def key(self, key, modifiers=0):
        codes = {"Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40, "Tab": 9}
        down = {"type": "keyDown", "key": key, "modifiers": modifiers}
        if len(key) == 1 and not modifiers:
            down["text"] = key
        if key == "Enter":
            down["text"] = "\r"
        code = {"windowsVirtualKeyCode": codes[key], "code": key} if key in codes else {}
        self.call("Input.dispatchKeyEvent", **down, **code)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, modifiers=modifiers, **code)

    def picture(self, path, whole=True):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        options = {}
        if whole:
            options = {"captureBeyondViewport": True,
                       "clip": {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 3000), "scale": 1}}
        data = self.call("Page.captureScreenshot", format="png", **options)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """What the page's console and the policy of its contents have found wrong."""
        found = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            if event.get("method") == "Runtime.exceptionThrown":
                found.append(str(event["params"]["exceptionDetails"].get("exception", {}).get("description")))
            if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                found.append(f"{event['params']['entry']['text']} {event['params']['entry'].get('url', '')}")
        return found

    def close(self):
        self.browser.send("Target.closeTarget", targetId=self.target)
