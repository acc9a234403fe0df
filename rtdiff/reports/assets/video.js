"use strict";
// Timelines of two videos: zoom and read them, and go to the pictures of the worst frames.
(() => {
  const { Chart, SIDES, between, clock, nearest, place } = rtdiffChart;
  const FEWEST = 8; // points that are seen at the largest zoom
  const KINDS = { unpaired: "no partner", repeated: "shown twice", frozen: "frozen", corrupt: "damaged" };
  const whole = (value) => value.toLocaleString("en");

  // As figures.score_text: what is not the same is never written as 1.
  function score(value) {
    for (let places = 4; places < 10; places += 1) {
      const text = value.toFixed(places);
      if (value >= 1 || Number(text) < 1) return text;
    }
    return "0.999999999+";
  }

  class Line extends Chart {
    constructor(section) {
      super(section);
      this.read = section.querySelector(".rv-read");
      this.pointers = new Map();
      this.armed = false;
      this.leastSpan = Math.max(20, (FEWEST * this.end) / Math.max(1, this.data.t.length));
      this.listen();
      this.tell();
    }

    listen() {
      const { plot } = this;
      plot.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
      plot.addEventListener("pointerdown", (event) => this.down(event));
      plot.addEventListener("pointermove", (event) => this.move(event));
      plot.addEventListener("pointerup", (event) => this.up(event));
      plot.addEventListener("pointercancel", (event) => this.dropped(event));
      plot.addEventListener("keydown", (event) => this.key(event));
      // A wheel that scrolls the page must not begin to zoom when the timeline comes under it.
      document.addEventListener("scroll", () => (this.armed = false), { passive: true });
    }

    // Zoom

    view(from, to) {
      const span = between(Math.min(this.leastSpan, this.end), to - from, this.end);
      this.from = between(0, (from + to - span) / 2, this.end - span);
      this.to = this.from + span;
      this.later();
    }

    zoom(times, ms = this.data.t[this.at]) {
      const span = between(Math.min(this.leastSpan, this.end), (this.to - this.from) / times, this.end);
      const share = between(0, (ms - this.from) / (this.to - this.from), 1);
      this.view(ms - span * share, ms + span * (1 - share));
    }

    pan(ms) {
      this.view(this.from + ms, this.to + ms);
    }

    show(from, to) {
      const room = Math.max(to - from, this.leastSpan) * 0.6;
      this.view(from - room, to + room);
    }

    go(index) {
      this.at = between(0, index, this.data.t.length - 1);
      const ms = this.data.t[this.at];
      if (ms < this.from || ms > this.to) this.pan(ms - (this.from + this.to) / 2);
      this.tell();
      this.later();
    }

    step(by) {
      const { t, segments, ticks } = this.data;
      const marks = [...segments.map((s) => s[0]), ...ticks.map((tick) => tick[4])].sort((a, b) => a - b);
      const now = t[this.at];
      const next = by > 0 ? marks.find((ms) => nearest(t, ms) > this.at) : marks.findLast((ms) => ms < now && nearest(t, ms) < this.at);
      if (next !== undefined) this.go(nearest(t, next));
    }

    act(name, button) {
      if (name === "in") this.zoom(2);
      if (name === "out") this.zoom(0.5);
      if (name === "all") this.view(0, this.end);
      if (name === "next") this.step(1);
      if (name === "last") this.step(-1);
      if (name === "open") this.openNearest();
      if (name === "fit") {
        this.fit = !this.fit;
        button.setAttribute("aria-pressed", String(this.fit));
        this.later();
      }
    }

    // Pictures

    openNearest() {
      const now = this.data.t[this.at];
      const [best] = [...this.data.worst].sort((a, b) => Math.abs(a.t - now) - Math.abs(b.t - now));
      if (best) reveal(document.getElementById(best.id));
    }

    // Pointer

    local(event) {
      const box = this.plot.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    wheel(event) {
      if (!this.armed && !event.ctrlKey) return;
      const all = this.to - this.from >= this.end;
      const lines = event.deltaMode === 1 ? 33 : 1;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        if (all) return;
        event.preventDefault();
        this.pan(((event.deltaX * lines) / (this.right - this.left)) * (this.to - this.from));
        return;
      }
      if (all && event.deltaY > 0 && !event.ctrlKey) return; // nothing to zoom out of: the page scrolls
      event.preventDefault();
      const speed = event.ctrlKey ? 100 : 300;
      this.zoom(Math.exp(-between(-200, event.deltaY * lines, 200) / speed), this.ms(this.local(event)[0]));
    }

    down(event) {
      if (event.pointerType === "mouse" && event.button !== 0) return;
      const [x, y] = this.local(event);
      this.plot.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, x);
      this.start = x;
      this.moved = false;
      this.drags = y >= this.strip ? "strip" : event.pointerType === "mouse" ? "range" : "pan";
      if (this.drags === "strip") this.toStrip(x);
    }

    move(event) {
      const [x] = this.local(event);
      if (event.movementX || event.movementY) this.armed = true;
      const before = this.pointers.get(event.pointerId);
      if (before === undefined) {
        if (event.pointerType === "mouse") this.hover(x);
        return;
      }
      if (Math.abs(x - this.start) > 4) this.moved = true;
      if (this.pointers.size === 2) this.pinch(event.pointerId, before, x);
      else if (this.drags === "strip") this.toStrip(x);
      else if (this.drags === "pan" && this.moved) this.pan(this.ms(before) - this.ms(x));
      else if (this.drags === "range" && this.moved) this.range = [this.start, x];
      this.plot.classList.toggle("rv-drags", this.moved && this.drags !== "range");
      this.pointers.set(event.pointerId, x);
      this.later();
    }

    pinch(id, before, now) {
      this.moved = true;
      const [, other] = [...this.pointers].find(([key]) => key !== id);
      const apart = (x) => Math.max(8, Math.abs(x - other));
      this.zoom(apart(now) / apart(before), this.ms((now + other) / 2));
      this.pan(this.ms((before + other) / 2) - this.ms((now + other) / 2));
    }

    up(event) {
      if (!this.pointers.has(event.pointerId)) return;
      const [x] = this.local(event);
      const single = this.pointers.size === 1;
      const range = this.range;
      this.dropped(event);
      if (single && range) this.view(...[this.ms(range[0]), this.ms(range[1])].sort((a, b) => a - b));
      else if (single && !this.moved && this.drags !== "strip") {
        this.hover(x);
        if (event.pointerType === "mouse") this.openNearest();
      }
    }

    dropped(event) {
      this.pointers.delete(event.pointerId);
      this.range = null;
      this.plot.classList.remove("rv-drags");
      this.later();
    }

    toStrip(x) {
      const ms = ((x - this.left) / (this.right - this.left)) * this.end;
      this.pan(ms - (this.from + this.to) / 2);
    }

    hover(x) {
      this.at = nearest(this.data.t, this.ms(between(this.left, x, this.right)));
      this.tell();
      this.later();
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const many = event.shiftKey ? 10 : 1;
      const page = Math.max(1, place(this.data.t, this.to) - place(this.data.t, this.from));
      const acts = {
        ArrowLeft: () => this.go(this.at - many),
        ArrowRight: () => this.go(this.at + many),
        ArrowDown: () => this.go(this.at - many),
        ArrowUp: () => this.go(this.at + many),
        PageDown: () => this.go(this.at - page),
        PageUp: () => this.go(this.at + page),
        Home: () => this.go(0),
        End: () => this.go(this.data.t.length - 1),
        "+": () => this.zoom(2),
        "=": () => this.zoom(2),
        "-": () => this.zoom(0.5),
        0: () => this.view(0, this.end),
        n: () => this.step(1),
        p: () => this.step(-1),
        Enter: () => this.openNearest(),
      };
      if (!acts[event.key]) return;
      event.preventDefault();
      acts[event.key]();
    }

    // Words

    tell() {
      const { data, at } = this;
      const ms = data.t[at];
      const pair = data.p ? data.p[at] : at;
      const words = [clock(ms), `pair ${whole(pair)}`];
      SIDES.forEach((side, k) => {
        const shift = data["rq"[k]];
        if (shift) words.push(`${side} frame ${whole(pair + shift[at])}`);
      });
      const metric = data.metric.toUpperCase();
      const lowest = data.each > 1 ? `lowest ${metric} of ${data.each} pairs` : metric;
      words.push(data.s[at] === null ? `${lowest} unknown` : `${lowest} ${score(data.s[at])}`);
      const percent = 100 * data.c[at];
      words.push(`${percent === 0 || percent >= 0.01 ? percent.toFixed(2) : percent.toPrecision(1)} % changed`);
      if (data.vmaf && data.vmaf.t.length) words.push(`${data.vmaf.name} ${data.vmaf.s[nearest(data.vmaf.t, ms)]}`);
      const inside = data.segments.find((s) => ms >= s[0] && ms < s[1]);
      if (inside) words.push(`segment ${whole(inside[2])}`);
      const reach = Math.max((this.to - this.from) / 300, this.end / Math.max(1, data.t.length));
      for (const [kind, side, first, last, start, end, count] of data.ticks) {
        if (ms < start - reach || ms > end + reach) continue;
        let which = last - first > 1 ? `frames ${whole(first)} to ${whole(last - 1)}` : `frame ${whole(first)}`;
        if (count < last - first) which = `${whole(count)} of ${which}`;
        words.push(`${SIDES[side]} ${which} ${KINDS[kind]}`);
        if (words.length > 12) break;
      }
      this.read.textContent = words.join(" · ");
      this.plot.setAttribute("aria-valuenow", String(pair));
      this.plot.setAttribute("aria-valuetext", words.join(", "));
    }
  }

  function reveal(card) {
    for (const other of document.querySelectorAll(".rv-here")) other.classList.remove("rv-here");
    card.classList.add("rv-here");
    card.scrollIntoView({ block: "nearest" });
    card.focus({ preventScroll: true });
  }

  function enlarge(card, button) {
    const large = card.classList.toggle("rv-large");
    button.setAttribute("aria-pressed", String(large));
    if (large) card.scrollIntoView({ block: "nearest" });
  }

  const page = document.querySelector(".rv");
  page.classList.add("rv-live");
  const lines = new Map();
  for (const section of page.querySelectorAll(".rv-test")) {
    if (section.querySelector(".rv-plot")) lines.set(section.id, new Line(section));
  }
  // Print shows both pictures side by side; their numbers are as large as the script cannot know then.
  for (const pair of page.querySelectorAll(".rt-pair")) pair.style.setProperty("--tag", `${Number(pair.dataset.width) / 36}px`);

  page.addEventListener("click", (event) => {
    const button = event.target.closest("[data-rv]");
    if (!button) return;
    const { rv } = button.dataset;
    const line = lines.get(button.closest(".rv-test").id);
    const card = button.closest(".rv-card");
    if (rv === "large") return enlarge(card, button);
    if (!line) return undefined;
    if (rv === "segment") line.show(Number(button.dataset.from), Number(button.dataset.to));
    else if (rv === "mark") {
      const { t } = line.data.worst.find((one) => one.id === card.id);
      line.show(t, t);
      line.go(nearest(line.data.t, t));
    } else return line.act(rv, button);
    line.plot.scrollIntoView({ block: "nearest" });
    return line.plot.focus({ preventScroll: true });
  });
})();
