"use strict";
// The filters. They hide cards by what stands in the attributes of each; nothing here makes HTML.
(() => {
  const root = document.documentElement;
  root.classList.add("scripts");
  const form = document.getElementById("filters");
  const cards = [...document.querySelectorAll(".card")].map((element) => ({
    element,
    files: element.dataset.files.toLowerCase().split("\n"),
    chart: element.dataset.chart,
    steps: new Set(element.dataset.steps.split(" ")),
    questions: new Set(element.dataset.questions.split(" ").filter(Boolean)),
    verdict: element.dataset.verdict,
    text: null,
  }));
  const all = cards.reduce((sum, card) => sum + card.files.length, 0);

  // What a link leads to is shown, whatever the filters say.
  const follow = () => {
    const id = location.hash.slice(1);
    const target = id.startsWith("?") ? null : document.getElementById(id);
    // What is alike stands in the card of the first of them.
    const card = target?.closest(".card");
    if (card) {
      card.hidden = false;
      card.open = true;
      for (let inner = target.closest("details"); inner !== card; inner = inner.parentElement.closest("details")) inner.open = true;
      target.scrollIntoView();
      card.querySelector("summary").focus({ preventScroll: true });
    }
  };

  // On paper everything that is shown is unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")].filter((details) => !details.closest("[hidden]"));
    folded.forEach((details) => (details.open = true));
  });
  addEventListener("afterprint", () => {
    folded.forEach((details) => (details.open = false));
    folded = [];
  });

  if (!form) {
    addEventListener("hashchange", follow);
    follow();
    return;
  }

  const count = document.getElementById("count");
  const nothing = document.getElementById("nothing");
  const fields = ["text", "file", "chart", "step", "question", "verdict"];

  const wanted = () => Object.fromEntries(fields.map((name) => [name, form.elements[name].value.trim()]));

  // A card can stand for several that are alike; those of them count that have the name.
  const named = (card, want) => card.files.filter((file) => file.includes(want.file.toLowerCase())).length;

  const fits = (card, want, words) => {
    if (named(card, want) === 0) return false;
    if (want.chart && card.chart !== want.chart) return false;
    if (want.step && !card.steps.has(want.step)) return false;
    if (want.verdict && card.verdict !== want.verdict) return false;
    if (want.question === "none" ? card.questions.size > 0 : want.question && !card.questions.has(want.question)) return false;
    if (words.length === 0) return true;
    card.text ??= card.element.textContent.toLowerCase();
    return words.every((word) => card.text.includes(word));
  };

  const filter = () => {
    const want = wanted();
    const words = want.text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const card of cards) {
      const fit = fits(card, want, words);
      if (card.element.hidden === fit) card.element.hidden = !fit;
      if (fit) shown += named(card, want);
    }
    const what = count.dataset.one + (all === 1 ? "" : "s");
    count.textContent = shown === all ? `${shown} ${what}` : `${shown} of ${all} ${what}`;
    nothing.hidden = shown > 0;
    return want;
  };

  // The address says what is shown, so that it can be passed on.
  const remember = (want) => {
    const set = new URLSearchParams(Object.entries(want).filter(([, value]) => value));
    const hash = set.size ? `#?${set}` : location.pathname + location.search;
    history.replaceState(null, "", hash);
  };

  const recall = () => {
    if (location.hash.startsWith("#?")) {
      const set = new URLSearchParams(location.hash.slice(2));
      for (const name of fields) form.elements[name].value = set.get(name) ?? "";
      filter();
      return true;
    }
    return false;
  };

  // Not at every letter: who types fast waits for none of them.
  let waiting = 0;
  const change = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => remember(filter()), 40);
  };
  form.addEventListener("input", change);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(change));
  nothing.querySelector("button").addEventListener("click", () => form.reset());
  const fold = (open) => () => cards.forEach((card) => {
    if (!card.element.hidden) card.element.open = open;
  });
  form.elements.unfold.addEventListener("click", fold(true));
  form.elements.fold.addEventListener("click", fold(false));
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, select, textarea") && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      form.elements.text.focus();
    }
  });
  addEventListener("hashchange", () => {
    if (recall()) document.getElementById("files").scrollIntoView();
    else follow();
  });

  form.hidden = false;
  if (!recall()) {
    filter();
    follow();
  }
})();
