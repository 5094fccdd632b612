"""check_page.py PAGE.html CHARTS [--browser DIRECTORY]: a report page stands on its own, and its charts render on a phone.

Without --browser the page is only read: it names nothing to load, its tables are there without JavaScript, and names from the
model are text. With it, headless Chromium shows it 390 pixels wide, in a frame because its windows are wider: no error, CHARTS
canvases, something drawn on each, and nothing wider than the frame.
"""

import html
import html.parser
import json
import pathlib
import re
import subprocess
import sys

WIDTH = 390
# Runs in the page: errors while it loads, then what it looks like.
BEFORE = "<script>window.errors = []; addEventListener('error', (event) => errors.push(event.message));</script>"
AFTER = """<script>addEventListener("load", () => {
  const isDrawn = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
  const root = document.documentElement;
  parent.document.title = JSON.stringify({errors, drawn: [...document.querySelectorAll("canvas")].map(isDrawn), images: document.images.length,
    scripts: document.scripts.length, inner: innerWidth, scroll: root.scrollWidth});
});</script>"""


class Reader(html.parser.HTMLParser):
    """What the page would load, its tags, and the text of its table cells."""

    def __init__(self):
        super().__init__()
        self.loads, self.tags, self.cells, self.scripts = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.loads += [value for name, value in attributes if name in ("src", "href", "srcset", "data", "action")]
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag):
        self.tags.append("/" + tag)

    def handle_data(self, data):
        if self.tags and self.tags[-1] == "td":
            self.cells[-1] += data
        if self.tags and self.tags[-1] == "script":
            self.scripts.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    assert not reader.loads, f"expected nothing to load, got {reader.loads}"
    assert not {"link", "img", "iframe", "object"} & set(reader.tags), reader.tags
    style = re.search(r"<style>(.*?)</style>", page, re.S).group(1)
    assert "url(" not in style and "@import" not in style
    assert "default-src 'none'" in page
    report = json.loads(reader.scripts[0])
    for layer in report["layers"]:
        assert layer["name"] in reader.cells, f"expected a cell {layer['name']!r} in {reader.cells}"
    for remark in report["remarks"]:
        assert remark["text"] in reader.cells, remark
    assert reader.tags.count("script") == 3


def look(page, charts, directory):
    directory.mkdir(parents=True, exist_ok=True)
    framed = page.replace("<head>", "<head>" + BEFORE, 1).replace("</body>", AFTER + "</body>")
    frame = f'<!DOCTYPE html><title>nothing</title><iframe style="width:{WIDTH}px; height:800px; border:0" srcdoc="{html.escape(framed)}"></iframe>'
    (directory / "frame.html").write_text(frame)
    command = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={directory}/profile", "--dump-dom"]
    shown = subprocess.run([*command, (directory / "frame.html").as_uri()], capture_output=True, text=True, timeout=120)
    found = json.loads(html.unescape(re.search(r"<title>(.*?)</title>", shown.stdout, re.S).group(1)))
    assert not found["errors"], found
    assert found["drawn"] == [True] * charts, f"expected {charts} charts, got {found}"
    assert found["images"] == 0 and found["scripts"] == 5, found  # ours three and the two of this test
    assert found["inner"] == WIDTH and found["scroll"] <= WIDTH, f"expected no overflow, got {found}"


page = pathlib.Path(sys.argv[1]).read_text()
read(page)
if len(sys.argv) > 3:
    look(page, int(sys.argv[2]), pathlib.Path(sys.argv[4]))
print("fine")
