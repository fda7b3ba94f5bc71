"use strict";
(() => {
  const field = document.getElementById("words");
  const told = document.getElementById("told");
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const steps = [...document.querySelectorAll(".step")].map((step) => ({
    step,
    entries: [...step.querySelectorAll("li")].map((entry) => ({
      entry,
      text: plain(entry.querySelector(".called").textContent),
      digest: entry.querySelector("code").textContent,
    })),
  }));
  const show = () => {
    const words = plain(field.value).split(/\s+/).filter((word) => word !== "");
    const digits = words.join("");
    const hex = /^[0-9a-f]{6,64}$/.test(digits);
    let found = 0;
    for (const { step, entries } of steps) {
      let here = 0;
      for (const { entry, text, digest } of entries) {
        const held = words.every((word) => text.includes(word)) || (hex && digest.includes(digits));
        entry.hidden = !held;
        here += held ? 1 : 0;
      }
      step.hidden = here === 0;
      found += here;
    }
    document.getElementById("steps").hidden = words.length > 0;
    told.textContent = words.length === 0 ? "" : `${found} found`;
  };
  field.addEventListener("input", show);
  document.getElementById("find").hidden = false;
})();
