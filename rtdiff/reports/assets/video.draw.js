"use strict";
// The timeline of two videos on a canvas: what is where, and how it is drawn.
const rtdiffChart = (() => {
  const EDGE = { left: 66, top: 22, lane: 16, changed: 26, clock: 22, strip: 26, gap: 6 };
  const STEPS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 18e6, 36e6];
  const SIDES = ["reference", "test"];
  const between = (low, value, high) => Math.max(low, Math.min(high, value));
  const pad = (value, places = 2) => String(value).padStart(places, "0");

  function clock(ms) {
    const s = Math.floor(ms / 1000);
    return `${pad(Math.floor(s / 3600))}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}.${pad(Math.floor(ms % 1000), 3)}`;
  }

  // First place in ascending `list` whose value is at least `value`.
  function place(list, value) {
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function nearest(list, value) {
    const at = place(list, value);
    if (at === 0) return 0;
    if (at === list.length || value - list[at - 1] < list[at] - value) return at - 1;
    return at;
  }

  class Chart {
    // section: its data-video holds what is drawn, see timeline.py; it has a .rv-plot with a canvas.
    constructor(section) {
      this.section = section;
      this.data = JSON.parse(section.dataset.video);
      this.plot = section.querySelector(".rv-plot");
      this.canvas = this.plot.querySelector("canvas");
      this.end = this.data.end;
      [this.from, this.to] = [0, this.end];
      this.at = this.data.s.reduce((best, s, k, all) => (s !== null && (all[best] === null || s < all[best]) ? k : best), 0);
      this.fit = false;
      this.range = null;
      this.lanes = this.data.ticks.length ? 2 : 0;
      new ResizeObserver(() => this.later()).observe(this.plot);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.later());
    }

    // Geometry, CSS pixels

    measure() {
      this.width = this.plot.clientWidth;
      this.height = this.plot.clientHeight;
      this.left = EDGE.left;
      this.right = this.width - (this.data.vmaf ? 42 : 14);
      this.strip = this.height - EDGE.strip - EDGE.gap;
      this.clockY = this.strip - EDGE.clock;
      this.ticksY = this.clockY - this.lanes * EDGE.lane;
      this.segmentsY = this.ticksY - EDGE.lane;
      this.changedY = this.segmentsY - EDGE.changed - EDGE.gap;
      this.bottom = this.changedY - EDGE.gap;
    }

    x(ms) {
      return this.left + ((ms - this.from) / (this.to - this.from)) * (this.right - this.left);
    }

    ms(x) {
      return this.from + ((x - this.left) / (this.right - this.left)) * (this.to - this.from);
    }

    xAll(ms) {
      return this.left + (ms / this.end) * (this.right - this.left);
    }

    later() {
      if (this.waits) return;
      this.waits = true;
      requestAnimationFrame(() => {
        this.waits = false;
        this.draw();
      });
    }

    draw() {
      this.measure();
      if (this.width === 0) return;
      const scale = devicePixelRatio || 1;
      const [wide, high] = [Math.round(this.width * scale), Math.round(this.height * scale)];
      if (this.canvas.width !== wide || this.canvas.height !== high) [this.canvas.width, this.canvas.height] = [wide, high];
      const pen = (this.pen = this.canvas.getContext("2d"));
      const style = getComputedStyle(this.section);
      const colour = (name) => style.getPropertyValue(`--${name}`).trim();
      this.colours = Object.fromEntries(["ink", "soft", "line", "curve", "vmaf", "seg", "raised", "paper", "accent"].map((name) => [name, colour(name)]));
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      pen.clearRect(0, 0, this.width, this.height);
      pen.font = "12px system-ui, sans-serif";
      pen.lineJoin = "round";
      this.drawAxis();
      this.inside(this.left, this.right, () => {
        this.drawSegments();
        this.drawChanged();
        this.drawVmaf();
        this.drawCurve();
        this.drawTicks();
      });
      this.drawFlags();
      this.drawStrip();
      this.drawCursor();
    }

    inside(left, right, job) {
      this.pen.save();
      this.pen.beginPath();
      this.pen.rect(left, 0, right - left, this.height);
      this.pen.clip();
      job();
      this.pen.restore();
    }

    // Lowest and highest value of an axis: all of it, or what is seen.
    limits(times, values, most) {
      let [low, high] = [Infinity, -Infinity];
      const first = this.fit ? Math.max(0, place(times, this.from) - 1) : 0;
      const last = this.fit ? place(times, this.to) + 1 : values.length;
      for (let k = first; k < Math.min(last, values.length); k += 1) {
        if (values[k] === null) continue;
        low = Math.min(low, values[k]);
        high = Math.max(high, values[k]);
      }
      if (low > high) return [0, most];
      if (!this.fit) [low, high] = [Math.min(low, 0.999 * most), most];
      const gap = Math.max(high - low, most / 1000);
      const unit = 10 ** Math.floor(Math.log10(gap));
      const size = [0.1, 0.2, 0.5, 1].map((share) => share * unit).find((step) => gap / step <= 10);
      return [Math.max(0, Math.floor(low / size + 1e-9) * size), Math.min(most, Math.ceil(high / size - 1e-9) * size)];
    }

    y(value, [low, high]) {
      return this.bottom - ((value - low) / (high - low || 1)) * (this.bottom - EDGE.top);
    }

    drawAxis() {
      const { pen, colours } = this;
      this.scores = this.limits(this.data.t, this.data.s, 1);
      this.vmafs = this.data.vmaf ? (this.fit ? this.limits(this.data.vmaf.t, this.data.vmaf.s, 100) : [0, 100]) : null;
      pen.textBaseline = "middle";
      pen.strokeStyle = colours.line;
      pen.lineWidth = 1;
      for (let step = 0; step <= 4; step += 1) {
        const y = Math.round(EDGE.top + ((this.bottom - EDGE.top) * step) / 4) + 0.5;
        this.stroke([[this.left, y], [this.right, y]]);
        pen.fillStyle = colours.soft;
        pen.textAlign = "right";
        const named = ([low, high]) => String(Number((high - ((high - low) * step) / 4).toPrecision(5)));
        pen.fillText(named(this.scores), this.left - 6, y);
        pen.fillStyle = colours.vmaf;
        pen.textAlign = "left";
        if (this.vmafs) pen.fillText(named(this.vmafs), this.right + 5, y);
      }
      pen.fillStyle = colours.soft;
      pen.textAlign = "right";
      pen.font = "11px system-ui, sans-serif";
      pen.fillText("changed", this.left - 6, this.changedY + EDGE.changed / 2);
      if (this.data.segments.length) pen.fillText("different", this.left - 6, this.segmentsY + EDGE.lane / 2);
      SIDES.slice(0, this.lanes).forEach((side, k) => pen.fillText(side, this.left - 6, this.ticksY + (k + 0.5) * EDGE.lane));
      pen.font = "12px system-ui, sans-serif";
      this.drawClock();
    }

    drawClock() {
      const { pen, colours } = this;
      const room = ((this.to - this.from) / Math.max(1, this.right - this.left)) * 96;
      const step = STEPS_MS.find((ms) => ms >= room) || Math.ceil(room / 36e5) * 36e5;
      pen.textBaseline = "top";
      pen.textAlign = "center";
      for (let ms = Math.ceil(this.from / step) * step; ms <= this.to; ms += step) {
        const x = Math.round(this.x(ms)) + 0.5;
        pen.strokeStyle = colours.line;
        this.stroke([[x, EDGE.top], [x, this.clockY]]);
        let text = clock(ms);
        if (this.end < 36e5) text = text.slice(3);
        if (step >= 1000) text = text.slice(0, -4);
        pen.fillStyle = colours.soft;
        const half = pen.measureText(text).width / 2;
        pen.fillText(text, between(half, x, this.width - half - 2), this.clockY + 5);
      }
    }

    stroke(points) {
      const { pen } = this;
      pen.beginPath();
      points.forEach(([x, y, begins], k) => (k && !begins ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.stroke();
    }

    hatch() {
      const scale = devicePixelRatio || 1;
      const side = Math.round(7 * scale);
      const tile = document.createElement("canvas");
      tile.width = tile.height = side;
      const pen = tile.getContext("2d");
      pen.strokeStyle = this.colours.seg;
      pen.lineWidth = 1.6 * scale;
      pen.beginPath();
      for (const shift of [-side, 0, side]) {
        pen.moveTo(shift - 1, side + 1);
        pen.lineTo(shift + side + 1, -1);
      }
      pen.stroke();
      const pattern = this.pen.createPattern(tile, "repeat");
      pattern.setTransform(new DOMMatrix([1 / scale, 0, 0, 1 / scale, 0, 0]));
      return pattern;
    }

    drawSegments() {
      const { pen, colours } = this;
      const pattern = this.hatch();
      const [top, high] = [this.segmentsY + 2, EDGE.lane - 5];
      for (const [start, end] of this.data.segments) {
        if (end < this.from || start > this.to) continue;
        const x = this.x(start);
        const wide = Math.max(2, this.x(end) - x);
        pen.fillStyle = colours.seg;
        pen.globalAlpha = 0.12;
        pen.fillRect(x, EDGE.top, wide, this.bottom - EDGE.top);
        pen.globalAlpha = 0.25;
        pen.fillRect(x, top, wide, high);
        pen.globalAlpha = 1;
        pen.fillStyle = pattern;
        pen.fillRect(x, top, wide, high);
        pen.strokeStyle = colours.seg;
        pen.lineWidth = 1;
        pen.strokeRect(x + 0.5, top + 0.5, Math.max(1, wide - 1), high - 1);
      }
    }

    drawChanged() {
      const { pen, colours, data } = this;
      const most = Math.max(...data.c, 1e-9);
      const floor = this.changedY + EDGE.changed;
      pen.strokeStyle = colours.line;
      this.stroke([[this.left, floor + 0.5], [this.right, floor + 0.5]]);
      pen.fillStyle = colours.seg;
      pen.globalAlpha = 0.65;
      const first = Math.max(0, place(data.t, this.from) - 1);
      const last = Math.min(data.t.length, place(data.t, this.to) + 1);
      const wide = Math.max(1, ((this.right - this.left) * (this.end / data.t.length)) / (this.to - this.from));
      for (let k = first; k < last; k += 1) {
        if (!(data.c[k] > 0)) continue;
        const high = Math.max(1, Math.sqrt(data.c[k] / most) * EDGE.changed);
        const x = Math.round(this.x(data.t[k]));
        pen.fillRect(x, floor - high, Math.max(1, Math.round(this.x(data.t[k]) + wide) - x - (wide > 5 ? 1 : 0)), high);
      }
      pen.globalAlpha = 1;
    }

    // Points of a curve that are seen, and whether a line begins there (after what is not known); where they
    // are closer than pixels, the lowest of each pixel.
    seen(times, values, limits) {
      const first = Math.max(0, place(times, this.from) - 1);
      const last = Math.min(times.length, place(times, this.to) + 1);
      const points = [];
      let begins = false;
      for (let k = first; k < last; k += 1) {
        if (values[k] === null) {
          begins = true;
          continue;
        }
        const [x, y] = [this.x(times[k]), between(EDGE.top - 2, this.y(values[k], limits), this.bottom + 2)];
        const before = points[points.length - 1];
        if (before && x - before[0] < 0.5) before[1] = Math.max(before[1], y);
        else {
          points.push([x, y, begins]);
          begins = false;
        }
      }
      return points;
    }

    drawCurve() {
      const { pen, colours, data } = this;
      if (data.m) {
        pen.strokeStyle = colours.soft;
        pen.lineWidth = 1.3;
        pen.setLineDash([3, 3]);
        this.stroke(this.seen(data.t, data.m, this.scores));
        pen.setLineDash([]);
      }
      const points = this.seen(data.t, data.s, this.scores);
      pen.strokeStyle = pen.fillStyle = colours.curve;
      pen.lineWidth = 1.8;
      this.stroke(points);
      if (points.length * 9 > this.right - this.left && points.length > 1) return;
      for (const [x, y] of points) this.dot(x, y, 3);
    }

    dot(x, y, radius) {
      this.pen.beginPath();
      this.pen.arc(x, y, radius, 0, 7);
      this.pen.fill();
    }

    drawVmaf() {
      if (!this.data.vmaf) return;
      const { pen, colours } = this;
      pen.strokeStyle = pen.fillStyle = colours.vmaf;
      pen.lineWidth = 1.6;
      pen.setLineDash([7, 4]);
      this.stroke(this.seen(this.data.vmaf.t, this.data.vmaf.s, this.vmafs));
      pen.setLineDash([]);
    }

    drawTicks() {
      const last = {};
      for (const [kind, side, , , start, end] of this.data.ticks) {
        if (end < this.from || start > this.to) continue;
        const [x0, x1] = [this.x(start), this.x(end)];
        const y = this.ticksY + (side + 0.5) * EDGE.lane;
        const key = kind + side;
        if (last[key] !== undefined && x1 - last[key] < 4) continue;
        last[key] = x1;
        this.tick(kind, x0, x1, y);
      }
    }

    tick(kind, x0, x1, y) {
      const { pen, colours } = this;
      pen.strokeStyle = pen.fillStyle = colours.ink;
      pen.lineWidth = 2;
      const x = x1 - x0 > 14 ? (Math.max(x0, this.left) + Math.min(x1, this.right)) / 2 : (x0 + x1) / 2;
      if (x1 - x0 > 14) this.stroke([[x0, y], [x1, y]]);
      pen.save();
      pen.translate(x, y);
      if (kind === "frozen") pen.fillRect(-4.5, -4.5, 9, 9);
      if (kind === "unpaired") {
        pen.rotate(Math.PI / 4);
        pen.fillRect(-4, -4, 8, 8);
      }
      if (kind === "repeated") [-3, 3].forEach((dx) => this.stroke([[dx, -5], [dx, 5]]));
      if (kind === "corrupt") [-1, 1].forEach((sign) => this.stroke([[-4.5, -4.5 * sign], [4.5, 4.5 * sign]]));
      pen.restore();
    }

    drawFlags() {
      const { pen, colours } = this;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.font = "700 11px system-ui, sans-serif";
      for (const { t, n } of [...this.data.worst].reverse()) {
        if (t < this.from || t > this.to) continue;
        const x = this.x(t);
        pen.fillStyle = colours.ink;
        pen.beginPath();
        pen.moveTo(x - 9, 2);
        pen.lineTo(x + 9, 2);
        pen.lineTo(x + 9, 14);
        pen.lineTo(x, 20);
        pen.lineTo(x - 9, 14);
        pen.fill();
        pen.fillStyle = colours.paper;
        pen.fillText(String(n), x, 8.5);
      }
      pen.font = "12px system-ui, sans-serif";
    }

    // The whole length, and what is seen of it.
    drawStrip() {
      const { pen, colours, data } = this;
      const [top, high] = [this.strip, EDGE.strip];
      pen.fillStyle = colours.raised;
      pen.fillRect(this.left, top, this.right - this.left, high);
      pen.fillStyle = colours.seg;
      pen.globalAlpha = 0.3;
      for (const [start, end] of data.segments) pen.fillRect(this.xAll(start), top, Math.max(1, this.xAll(end) - this.xAll(start)), high);
      pen.globalAlpha = 1;
      const [low] = [Math.min(...data.s.filter((s) => s !== null), 0.999)];
      const points = [];
      data.t.forEach((t, k) => {
        if (data.s[k] === null) return;
        const [x, y] = [this.xAll(t), top + 3 + ((1 - data.s[k]) / (1 - low)) * (high - 6)];
        const before = points[points.length - 1];
        if (before && x - before[0] < 1) before[1] = Math.max(before[1], y);
        else points.push([x, y]);
      });
      pen.strokeStyle = colours.curve;
      pen.lineWidth = 1;
      this.stroke(points);
      pen.strokeStyle = colours.accent;
      pen.lineWidth = 2;
      const [x0, x1] = [this.xAll(this.from), this.xAll(this.to)];
      pen.strokeRect(x0 + 1, top + 1, Math.max(4, x1 - x0 - 2), high - 2);
    }

    drawCursor() {
      const { pen, colours, data, at } = this;
      if (this.range) {
        pen.fillStyle = colours.accent;
        pen.globalAlpha = 0.25;
        pen.fillRect(this.range[0], EDGE.top, this.range[1] - this.range[0], this.bottom - EDGE.top);
        pen.globalAlpha = 1;
      }
      const x = this.x(data.t[at]);
      if (x < this.left - 1 || x > this.right + 1) return;
      pen.strokeStyle = colours.ink;
      pen.lineWidth = 1;
      this.stroke([[x, EDGE.top - 2], [x, this.clockY]]);
      if (data.s[at] === null) return;
      const y = between(EDGE.top, this.y(data.s[at], this.scores), this.bottom);
      pen.fillStyle = colours.paper;
      this.dot(x, y, 5.5);
      pen.fillStyle = colours.ink;
      this.dot(x, y, 4);
    }
  }

  return { Chart, EDGE, SIDES, between, clock, nearest, place };
})();
