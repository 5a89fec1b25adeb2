// Pointing at a view, or at its number on the picture, lights up the two and its box. A click on one of many
// views asks for its film; the click's own mark is set here, so that the keyboard keeps its place.
const viewOf = (event) => event.target.closest?.("[data-view]");

function light(one) {
  for (const views of element.querySelectorAll(".views")) {
    const view = views.contains(one) ? one.dataset.view : null;
    views.classList.toggle("lighting", view !== null);
    for (const part of views.querySelectorAll("[data-view]"))
      part.classList.toggle("lit", part.dataset.view === view);
  }
}

for (const name of ["pointerover", "focusin"]) element.addEventListener(name, (event) => light(viewOf(event)));
for (const name of ["pointerleave", "focusout"]) element.addEventListener(name, () => light(null));

element.addEventListener("click", (event) => {
  const one = viewOf(event), views = one?.closest(".many");
  if (!views) return;
  for (const tile of views.querySelectorAll(".tile"))
    tile.setAttribute("aria-pressed", tile.dataset.view === one.dataset.view);
  for (const box of views.querySelectorAll(".box"))
    box.classList.toggle("chosen", box.dataset.view === one.dataset.view);
  trigger("select", { index: Number(one.dataset.view) });
});
