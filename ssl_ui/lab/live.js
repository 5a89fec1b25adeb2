// The knob that is turned live: its places are frames of the film, so dragging it asks nobody.
// labLive(box, words, on) → {show(film, frame)}; on = {turn(frame), choose(name)}.
function labLive(box, words, on) {
  box.innerHTML = `<b></b><select aria-label="${words.live}" title="${words.live}"></select>
    <input type="range" min="0" step="1"><output></output>`;
  const [only, which, slide, said] = box.children;
  slide.oninput = () => on.turn(Number(slide.value));
  which.onchange = () => on.choose(which.value);

  function show(film, frame, knobs) {
    box.hidden = !film.live;
    if (!film.live) return;
    const live = knobs.filter((knob) => knob.live), names = live.map((knob) => knob.name).join();
    if (which.dataset.names !== names) {
      which.replaceChildren(...live.map((knob) => new Option(knob.symbol, knob.name)));
      which.style.width = `${Math.max(...live.map((knob) => knob.symbol.length)) + 4}ch`;
      which.dataset.names = names;
      which.hidden = live.length < 2; // there is nothing to choose
      only.hidden = !which.hidden;
      only.textContent = live[0].symbol;
    }
    which.value = film.live.name;
    const knob = live.find((one) => one.name === film.live.name), places = film.live.places;
    slide.max = places.length - 1;
    slide.value = frame;
    slide.title = knob.help;
    slide.setAttribute("aria-label", knob.title);
    slide.setAttribute("aria-valuetext", String(places[frame]));
    said.textContent = String(places[frame]);
  }
  return { show };
}
