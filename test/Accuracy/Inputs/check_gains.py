"""check_gains.py MODEL SAMPLES.npz DIRECTORY LAYER...: how far the predicted gains of other precisions are from what they gain.

Plain int8 is compiled and measured, then, with each layer in each precision that the report predicts, again. Prints the largest difference in decibels, by
precision.
"""

import json
import subprocess
import sys

model, samples, directory = sys.argv[1:4]
net = directory + "/net.so"


def measure(*flags):
    """Decibels of signal over noise at the output."""
    command = ["quant-compile", model, "--force", f"--calibration-data={samples}", *flags, "-o", net]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    shown = subprocess.run(["quant-validate", model, net, f"--data={samples}", "--json"], check=True, capture_output=True, text=True)
    return json.loads(shown.stdout.splitlines()[-1])["outputs"][0]["sqnr_db"]


plain = measure(f"--report={directory}/report.json")
layers = {layer["name"]: layer for layer in json.load(open(f"{directory}/report.json"))["accuracy"]["layers"]}
worst = {}
for name in sys.argv[4:]:
    for other in layers[name]["precisions"]:
        gain = measure(f"--precision-rule={name}={other['precision']}") - plain
        print(f"{name} {other['precision']}: predicted {other['gain_db']:.2f} dB, measured {gain:.2f} dB", file=sys.stderr)
        worst[other["precision"]] = max(worst.get(other["precision"], 0), abs(gain - other["gain_db"]))
print({precision: round(difference, 2) for precision, difference in sorted(worst.items())})
print("within 2 dB:", sorted(precision for precision, difference in worst.items() if difference < 2))
