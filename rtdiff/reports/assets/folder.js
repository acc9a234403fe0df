"use strict";
// A page of pairs: filter, viewers that are made when they are opened, and the command that accepts.
(() => {
  const page = document.querySelector(".rf");
  const cards = [...page.querySelectorAll(".rf-card")];
  const search = page.querySelector(".rf-search");
  const panel = page.querySelector(".rf-panel");
  const taken = new Set();
  let here = null;

  const isShown = (card) => !card.hidden;
  const acceptable = (card) => card.dataset.update !== "";
  const nameOf = (card) => card.querySelector("h2").textContent;

  function filter() {
    const kind = page.querySelector("[name=rf-kind]:checked").value;
    const text = search.value.toLowerCase();
    for (const card of cards) {
      const own = card.dataset.kind;
      const fits = kind === "all" || own === kind || (kind === "unlike" && own !== "same");
      card.hidden = !fits || !nameOf(card).toLowerCase().includes(text);
    }
    const count = cards.filter(isShown).length;
    page.querySelector(".rf-shown").textContent = `${count} shown`;
    page.querySelector("[data-rf=all]").hidden = !panel || !cards.some((card) => isShown(card) && acceptable(card));
  }

  function toggle(card) {
    const template = card.querySelector("template");
    if (!template) return;
    const open = card.classList.toggle("rf-open");
    card.querySelector("[data-rf=open]").setAttribute("aria-expanded", String(open));
    card.querySelector("[data-rf=open]").textContent = open ? "Close" : "Compare";
    let view = card.querySelector(".rf-view");
    if (!view) {
      card.append(template.content.cloneNode(true));
      view = card.querySelector(".rf-view");
      rtdiff.attach(view.querySelector(".rt-pair"));
    }
    view.hidden = !open;
    if (open) card.scrollIntoView({ block: "nearest" });
  }

  function accept(card, on) {
    if (!panel || !acceptable(card)) return;
    taken[on ? "add" : "delete"](card);
    card.classList.toggle("rf-taken", on);
    const button = card.querySelector("[data-rf=accept]");
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "Accepted" : "Accept";
  }

  function told() {
    if (!panel) return;
    panel.classList.toggle("rf-any", taken.size > 0);
    panel.querySelector(".rf-count").textContent = `${taken.size} accepted.`;
    const chosen = cards.filter((card) => taken.has(card)).map((card) => card.dataset.update);
    panel.querySelector("textarea").value = [panel.dataset.command, ...chosen].join(" ");
  }

  async function copy(button) {
    const text = panel.querySelector("textarea");
    text.select();
    try {
      await navigator.clipboard.writeText(text.value);
    } catch {
      document.execCommand("copy"); // pages from a disk have no clipboard of their own in some browsers
    }
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  }

  function step(by) {
    const shown = cards.filter(isShown);
    if (!shown.length) return;
    const at = shown.indexOf(here);
    if (here) here.classList.remove("rf-here");
    here = shown[(at < 0 ? (by > 0 ? 0 : -1) : at + by + shown.length) % shown.length] || shown[shown.length - 1];
    here.classList.add("rf-here");
    here.scrollIntoView({ block: "nearest" });
  }

  page.addEventListener("click", (event) => {
    const button = event.target.closest("[data-rf]");
    if (!button) return;
    const card = button.closest(".rf-card");
    const acts = {
      open: () => toggle(card),
      accept: () => accept(card, !taken.has(card)),
      all: () => cards.filter(isShown).forEach((one) => accept(one, true)),
      none: () => [...taken].forEach((one) => accept(one, false)),
      copy: () => copy(button),
    };
    acts[button.dataset.rf]();
    told();
  });
  page.addEventListener("input", (event) => {
    if (event.target === search || event.target.name === "rf-kind") filter();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (["INPUT", "TEXTAREA"].includes(event.target.tagName) && event.target.type !== "radio") return;
    const acts = {
      j: () => step(1),
      k: () => step(-1),
      o: () => here && toggle(here),
      a: () => here && accept(here, !taken.has(here)),
      "/": () => search.focus(),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    told();
  });
  page.classList.add("rf-live");
  filter();
})();
