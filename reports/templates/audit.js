"use strict";
// Search and filters. Without this script everything is shown.
const sections = [
  [document.querySelector("#matrix"), "tr[data-state]"],
  [document.querySelector("#cases"), "details[data-state]"],
];
for (const [section, rows] of sections) {
  const form = section.querySelector("form");
  const all = [...section.querySelectorAll(rows)].map((row) => ({
    row,
    states: row.dataset.state.split(" "),
    text: (row.querySelector("summary") || row).textContent.toLowerCase(),
  }));
  const apply = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const state = form.elements.state.value;
    let shown = 0;
    for (const { row, states, text } of all) {
      const hit = (!state || states.includes(state)) && words.every((word) => text.includes(word));
      row.hidden = !hit;
      if (row.nextElementSibling?.matches("p.reason")) row.nextElementSibling.hidden = !hit;
      shown += hit ? 1 : 0;
    }
    form.querySelector("output").textContent = shown === all.length ? "" : `${shown} of ${all.length}`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = all.length === 0;
}
// A link to a folded case opens it.
const unfold = () => {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) named.open = true;
};
addEventListener("hashchange", unfold);
unfold();
