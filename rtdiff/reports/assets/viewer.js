"use strict";
// Every .rt-pair on a page becomes a viewer: slider, side by side, overlay, blink, difference; zoom and
// pan are shared by both pictures. Nothing is loaded, nothing is sent.
const rtdiff = (() => {
  const MODES = ["slider", "side", "overlay", "blink", "diff"];
  const BLINK_MS = 500; // one full change a second: far below three flashes a second (WCAG 2.3.1)
  const MOST_ZOOM = 64;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const pairs = new Map();
  const between = (low, value, high) => Math.max(low, Math.min(high, value));

  class Pair {
    constructor(root) {
      this.root = root;
      this.stage = root.querySelector(".rt-stage");
      this.divider = root.querySelector(".rt-divider");
      this.width = Number(root.dataset.width);
      this.height = Number(root.dataset.height);
      this.zoom = 1;
      this.x = this.y = 0;
      this.fitted = true;
      this.split = 0.5;
      this.current = -1;
      this.pointers = new Map();
      this.addMarks();
      this.worlds = [...root.querySelectorAll(".rt-world")];
      for (const world of this.worlds) {
        world.style.width = `${this.width}px`;
        world.style.height = `${this.height}px`;
      }
      this.boxes = [...root.querySelectorAll(".rt-test .rt-box")].map((box) => ({
        id: box.dataset.box,
        edges: box.dataset.edges.split(" ").map(Number),
      }));
      root.classList.add("rt-live");
      this.root.style.setProperty("--gain", root.dataset.gain);
      this.listen();
      this.setMode(root.dataset.mode || "slider");
      new ResizeObserver(() => this.resized()).observe(this.stage);
    }

    // The difference is made by blending; boxes and its caption lie above it, in a view of their own.
    addMarks() {
      const marks = this.root.querySelector(".rt-test").cloneNode(true);
      marks.className = "rt-view rt-marks";
      marks.querySelector("img").remove();
      marks.querySelector(".rt-caption").textContent = "difference, amplified";
      marks.setAttribute("aria-hidden", "true");
      this.stage.insertBefore(marks, this.divider);
    }

    listen() {
      this.root.addEventListener("input", (event) => this.changed(event.target));
      this.root.addEventListener("click", (event) => {
        const act = event.target.closest("[data-act]");
        if (act) this.act(act.dataset.act);
      });
      this.root.addEventListener("keydown", (event) => this.key(event));
      this.stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
      this.stage.addEventListener("dblclick", (event) => this.zoomAt(2, ...this.at(event)));
      this.stage.addEventListener("pointerdown", (event) => this.down(event));
      this.stage.addEventListener("pointermove", (event) => this.move(event));
      for (const end of ["pointerup", "pointercancel"]) this.stage.addEventListener(end, (event) => this.up(event));
      this.stage.addEventListener("dragstart", (event) => event.preventDefault());
    }

    changed(input) {
      if (input.type === "radio") this.setMode(input.value);
      if (input.dataset.set === "opacity") this.root.style.setProperty("--opacity", input.value / 100);
      if (input.dataset.set === "gain") this.root.style.setProperty("--gain", input.value);
    }

    act(name) {
      if (name === "in") this.zoomAt(1.5);
      if (name === "out") this.zoomAt(1 / 1.5);
      if (name === "fit") this.fit();
      if (name === "full") this.zoomAt(1 / this.zoom);
      if (name === "boxes") this.toggleBoxes();
      if (name === "pause") this.setBlinking(!this.blinking);
    }

    setMode(mode) {
      this.root.dataset.mode = mode;
      for (const radio of this.root.querySelectorAll("input[type=radio]")) radio.checked = radio.value === mode;
      this.setBlinking(mode === "blink" && !still.matches);
      if (this.fitted) this.fit();
      else this.show();
    }

    setBlinking(on) {
      clearInterval(this.timer);
      this.blinking = on;
      if (on) this.timer = setInterval(() => this.swap(), BLINK_MS);
      const button = this.root.querySelector("[data-act=pause]");
      button.textContent = on ? "Pause" : "Play";
    }

    swap() {
      this.root.classList.toggle("rt-first");
    }

    toggleBoxes() {
      const bare = this.root.classList.toggle("rt-bare");
      this.root.querySelector("[data-act=boxes]").setAttribute("aria-pressed", String(!bare));
    }

    view() {
      const half = this.root.dataset.mode === "side" ? this.root.querySelector(".rt-test") : this.stage;
      return [half.clientWidth, half.clientHeight];
    }

    resized() {
      if (this.stage.clientWidth === 0) return; // inside something folded
      if (this.fitted) this.fit();
      else this.show();
      this.setSplit(this.split);
    }

    fit() {
      const wide = this.width / this.height > (1.2 * this.stage.clientWidth) / this.stage.clientHeight;
      this.root.classList.toggle("rt-tall", wide);
      const [across, down] = this.view();
      const zoom = Math.min(across / this.width, down / this.height);
      this.zoom = between(1e-4, zoom > 2 ? Math.floor(zoom) : zoom, MOST_ZOOM);
      this.x = (across - this.width * this.zoom) / 2;
      this.y = (down - this.height * this.zoom) / 2;
      this.fitted = true;
      this.show();
    }

    zoomAt(times, x, y) {
      const [across, down] = this.view();
      const px = x ?? across / 2;
      const py = y ?? down / 2;
      const zoom = between(Math.min(1, across / this.width, down / this.height) / 2, this.zoom * times, MOST_ZOOM);
      this.x = px - ((px - this.x) * zoom) / this.zoom;
      this.y = py - ((py - this.y) * zoom) / this.zoom;
      this.zoom = zoom;
      this.fitted = false;
      this.show();
    }

    pan(dx, dy) {
      this.x += dx;
      this.y += dy;
      this.fitted = false;
      this.show();
    }

    go(index, glide = true) {
      if (!this.boxes.length) return;
      this.current = (index + this.boxes.length) % this.boxes.length;
      const { id, edges } = this.boxes[this.current];
      const [left, top, right, bottom] = edges;
      const [across, down] = this.view();
      const wanted = Math.min(across / (right - left), down / (bottom - top)) / 2.5;
      const fit = Math.min(across / this.width, down / this.height);
      this.zoom = between(Math.min(fit, 1), wanted, Math.max(12, fit));
      this.setSplit(0.5);
      this.x = across / 2 - ((left + right) / 2) * this.zoom;
      this.y = down / 2 - ((top + bottom) / 2) * this.zoom;
      this.fitted = false;
      this.show(glide);
      for (const box of this.root.querySelectorAll(".rt-box")) box.classList.toggle("rt-hot", box.dataset.box === id);
      for (const button of document.querySelectorAll(`[data-pair="${CSS.escape(this.root.id)}"][data-go]`)) {
        if (button.dataset.go === id) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
      }
    }

    show(glide = false) {
      const [across, down] = this.view();
      const inside = (offset, room, size) =>
        size <= room ? between(0, offset, room - size) : between(room - size, offset, 0);
      this.x = this.loose(this.x, across, this.width * this.zoom, inside);
      this.y = this.loose(this.y, down, this.height * this.zoom, inside);
      const [x, y] = [Math.round(this.x), Math.round(this.y)]; // whole pixels: edges do not smear
      for (const world of this.worlds) {
        world.classList.toggle("rt-glide", glide);
        world.classList.toggle("rt-pixels", this.zoom >= 2);
        world.style.transform = `translate(${x}px, ${y}px) scale(${this.zoom})`;
        world.style.setProperty("--z", this.zoom);
      }
      const percent = this.zoom * 100;
      this.root.querySelector(".rt-zoomed").textContent = `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
    }

    // A region at the edge may be brought to the middle: half of the view may be empty.
    loose(offset, room, size, inside) {
      return this.fitted ? inside(offset, room, size) : between(room / 2 - size, offset, room / 2);
    }

    setSplit(fraction) {
      this.split = between(0, fraction, 1);
      const percent = Math.round(this.split * 100);
      this.stage.style.setProperty("--split", `${this.split * this.stage.clientWidth}px`);
      this.divider.setAttribute("aria-valuenow", String(percent));
      this.divider.setAttribute("aria-valuetext", `reference on the left ${percent} %, test on the right ${100 - percent} %`);
    }

    // Where a pointer is, pixels of its view: in two panels both have the same place.
    at(event) {
      const stage = this.stage.getBoundingClientRect();
      let [x, y] = [event.clientX - stage.left, event.clientY - stage.top];
      if (this.root.dataset.mode === "side") {
        const [across, down] = this.view();
        if (this.root.classList.contains("rt-tall")) y = y > down ? y - (stage.height - down) : y;
        else x = x > across ? x - (stage.width - across) : x;
      }
      return [x, y];
    }

    wheel(event) {
      if (!event.ctrlKey && !event.metaKey && !this.root.classList.contains("rt-full")) return;
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 33 : 1;
      this.zoomAt(Math.exp(-between(-200, event.deltaY * lines, 200) / (event.ctrlKey ? 150 : 400)), ...this.at(event));
    }

    down(event) {
      if (event.pointerType === "mouse" && event.button !== 0) return;
      this.pointers.set(event.pointerId, this.at(event));
      this.stage.setPointerCapture(event.pointerId);
      const slides = this.root.dataset.mode === "slider" && this.pointers.size === 1;
      this.sliding = slides && (event.target === this.divider || this.fitted);
      if (event.target === this.divider) this.divider.focus({ preventScroll: true });
      else this.stage.focus({ preventScroll: true });
      this.stage.classList.add("rt-dragging");
      if (this.sliding) this.setSplit(this.at(event)[0] / this.stage.clientWidth);
    }

    move(event) {
      const before = this.pointers.get(event.pointerId);
      if (!before) return;
      const now = this.at(event);
      if (this.pointers.size === 2) this.pinch(event.pointerId, before, now);
      else if (this.sliding) this.setSplit(now[0] / this.stage.clientWidth);
      else this.pan(now[0] - before[0], now[1] - before[1]);
      this.pointers.set(event.pointerId, now);
    }

    pinch(id, before, now) {
      this.sliding = false;
      const [, other] = [...this.pointers].find(([key]) => key !== id);
      const apart = (point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]));
      this.zoomAt(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      this.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    }

    up(event) {
      this.pointers.delete(event.pointerId);
      if (this.pointers.size === 0) this.stage.classList.remove("rt-dragging");
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT") return;
      const arrow = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (event.target === this.divider && this.keyOfDivider(event)) return event.preventDefault();
      const acts = {
        b: () => this.toggleBoxes(),
        m: () => this.setMode(MODES[(MODES.indexOf(this.root.dataset.mode) + 1) % MODES.length]),
        n: () => this.go(this.current + 1),
        N: () => this.go(this.current < 0 ? -1 : this.current - 1),
        r: () => this.fit(),
        s: () => this.swap(),
        0: () => this.setMode(this.root.dataset.mode === "diff" ? "slider" : "diff"),
        "+": () => this.zoomAt(1.5),
        "=": () => this.zoomAt(1.5),
        "-": () => this.zoomAt(1 / 1.5),
      };
      const act = arrow && event.target === this.stage ? () => this.pan(arrow[0] * 60, arrow[1] * 60) : acts[event.key];
      if (!act) return undefined;
      event.preventDefault();
      return act();
    }

    keyOfDivider(event) {
      const step = event.shiftKey ? 0.1 : 0.01;
      const to = {
        ArrowLeft: this.split - step,
        ArrowDown: this.split - step,
        ArrowRight: this.split + step,
        ArrowUp: this.split + step,
        PageDown: this.split - 0.1,
        PageUp: this.split + 0.1,
        Home: 0,
        End: 1,
      }[event.key];
      if (to === undefined) return false;
      this.setSplit(to);
      return true;
    }
  }

  function attach(root) {
    if (!pairs.has(root)) pairs.set(root, new Pair(root));
    return pairs.get(root);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-pair][data-go]");
    if (!button) return;
    const pair = attach(document.getElementById(button.dataset.pair));
    pair.go(pair.boxes.findIndex((box) => box.id === button.dataset.go));
  });
  for (const root of document.querySelectorAll(".rt-pair")) attach(root);
  return { attach };
})();
