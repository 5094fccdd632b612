// Draws the charts of a report page from the JSON report embedded in it.
"use strict";
(() => {
  const report = JSON.parse(document.getElementById("report").textContent);
  document.documentElement.classList.add("js");
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  Chart.defaults.color = color("ink");
  Chart.defaults.borderColor = color("line");

  const shorten = (name) => (name.length > 22 ? "…" + name.slice(-21) : name);
  const number = (value) => Number(value.toPrecision(4)).toString();

  // The canvas of a chart that the page has a place for, or null.
  function canvas(id, height) {
    const place = document.getElementById(id);
    if (!place) return null;
    if (height) place.style.height = height + "px";
    return place.appendChild(document.createElement("canvas"));
  }

  // A bar per name from top to bottom; one data set per entry of `values`.
  function bars(id, names, values, unit, stacked) {
    const place = canvas(id, 90 + names.length * (stacked || values.length === 1 ? 18 : 26));
    if (!place) return;
    new Chart(place, {
      type: "bar",
      data: {
        labels: names,
        datasets: values.map(([label, data, paint]) => ({ label, data, backgroundColor: paint })),
      },
      options: {
        indexAxis: "y",
        scales: {
          x: { stacked, title: { display: true, text: unit } },
          y: { stacked, ticks: { autoSkip: false, font: { size: 11 }, callback: (i) => shorten(names[i]) } },
        },
        plugins: { legend: { display: values.length > 1 } },
      },
    });
  }

  function drawLayers() {
    const level = report.levels && report.levels[report.levels.length - 1];
    const times = new Map();
    for (const kernel of report.schedules || [])
      if (kernel.level === level) times.set(kernel.layer, (times.get(kernel.layer) || 0) + kernel.predicted_us);
    const timed = [...times.keys()].map((name) => ({ name, predicted_us: times.get(name) }));
    const isFloat = new Set(report.layers.filter((layer) => layer.precision === "float").map((layer) => layer.name));
    const paint = (layer) => color(isFloat.has(layer.name) ? "float" : "int8");
    bars("chart-time", timed.map((layer) => layer.name), [["predicted", timed.map((layer) => layer.predicted_us), timed.map(paint)]], "predicted µs", false);
    const sized = report.layers.filter((layer) => layer.weight_bytes);
    bars("chart-size", sized.map((layer) => layer.name), [["weights", sized.map((layer) => layer.weight_bytes), sized.map(paint)]], "bytes of weights and biases", false);
  }

  function drawAccuracy() {
    if (!report.accuracy) return;
    const layers = report.accuracy.layers || [];
    const names = layers.map((layer) => layer.name);
    const column = (key) => layers.map((layer) => layer[key]);
    bars("chart-sqnr", names, [["local", column("local_sqnr_db"), color("int8")], ["cumulative", column("cumulative_sqnr_db"), color("float")]], "SQNR in dB", false);
    const share = (key) => layers.map((layer) => (layer.signal > 0 ? (100 * layer[key]) / layer.signal : 0));
    const parts = [["weights", "weight_noise", "int8"], ["clipping", "clip_noise", "bad"], ["rounding", "rounding_noise", "good"], ["inherited", "inherited_noise", "faint"]];
    bars("chart-noise", names, parts.map(([label, key, paint]) => [label, share(key), color(paint)]), "noise in % of the signal's power", true);
  }

  function drawHistograms() {
    const chooser = document.getElementById("tensor");
    const place = chooser && canvas("chart-histogram");
    if (!place) return;
    const tensors = report.calibration.tensors;
    const chart = new Chart(place, {
      type: "bar",
      data: { labels: [], datasets: [{ label: "values", data: [], backgroundColor: [], barPercentage: 1, categoryPercentage: 1 }] },
      options: {
        scales: {
          x: { title: { display: true, text: "" }, ticks: { maxTicksLimit: 9 } },
          y: { type: "logarithmic", min: 0.5, title: { display: true, text: "values" } },
        },
        plugins: { legend: { display: false } },
      },
    });
    function show() {
      const { histogram, range } = tensors[chooser.value];
      const centers = histogram.counts.map((_, i) => histogram.low + (i + 0.5) * histogram.width);
      const isKept = (x) => !range || (x >= range[0] && x <= range[1]);
      chart.data.labels = centers.map(number);
      chart.data.datasets[0].data = histogram.counts;
      chart.data.datasets[0].backgroundColor = centers.map((x) => color(isKept(x) ? "int8" : "bad"));
      chart.options.scales.x.title.text = range ? `chosen range ${number(range[0])} to ${number(range[1])}; red: clipped` : "not rounded to 8 bits";
      chart.update();
    }
    chooser.addEventListener("change", show);
    show();
  }

  function drawPareto() {
    const place = report.pareto && canvas("chart-pareto");
    if (!place) return;
    const isLabelled = report.pareto.some((point) => typeof point.accuracy === "number");
    const kind = (point) => (point.chosen ? "chosen" : point.front ? "front" : "other");
    const points = (which) =>
      report.pareto.filter((point) => kind(point) === which)
        .map((point) => ({ x: point.predicted_us, y: isLabelled ? point.accuracy : point.output_sqnr_db }));
    new Chart(place, {
      type: "scatter",
      data: {
        datasets: [
          { label: "chosen", data: points("chosen"), backgroundColor: color("float"), pointRadius: 7 },
          { label: "on the front (accuracy, time, size)", data: points("front"), backgroundColor: color("int8"), pointRadius: 5 },
          { label: "other assignments", data: points("other"), backgroundColor: color("faint"), pointRadius: 4 },
        ],
      },
      options: {
        scales: {
          x: { title: { display: true, text: "predicted µs" } },
          y: { title: { display: true, text: isLabelled ? "accuracy" : "SQNR of the outputs in dB" } },
        },
      },
    });
  }

  drawLayers();
  drawAccuracy();
  drawHistograms();
  drawPareto();
})();
