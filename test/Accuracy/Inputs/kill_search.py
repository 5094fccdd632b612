"""kill_search.py DIRECTORY COMMAND...: runs a search and kills it as soon as there is a recipe in DIRECTORY, with SIGKILL."""

import os
import subprocess
import sys
import time
from pathlib import Path

directory = Path(sys.argv[1])
directory.mkdir()
recipe, output = directory / "recipe.json", directory / "net.so"
process = subprocess.Popen([*sys.argv[2:], f"--save-recipe={recipe}", "-o", output], stderr=subprocess.DEVNULL)
while process.poll() is None and not (recipe.exists() and output.exists()):
    time.sleep(0.002)
process.kill()
process.wait()
if not output.exists():
    sys.exit("the search ended without a result")
print("left behind:", sorted(os.listdir(directory)))
