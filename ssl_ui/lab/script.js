// The state of the bench as a Python script, in a window of its own, to copy.
function labScript(box, words, ask) {
  box.innerHTML = `<dialog class="lab-dialog"><header><h3>${words.copy}</h3>
    <button class="lab-copied">${words.to_clipboard}</button><button class="lab-close" aria-label="${words.close}">✕</button></header>
    <p>${words.copy_help}</p><pre tabindex="0"></pre></dialog>`;
  const dialog = box.firstChild, text = dialog.querySelector("pre");
  dialog.querySelector(".lab-close").onclick = () => dialog.close();
  dialog.querySelector(".lab-copied").onclick = async (event) => {
    const button = event.currentTarget;
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = words.copied;
    } catch {
      getSelection().selectAllChildren(text); // no clipboard for this page: what is marked can be copied by hand
      button.textContent = words.marked;
    }
  };
  return async (state) => {
    const answer = await ask(state);
    if (!answer) return;
    text.textContent = answer.script ?? answer.problem;
    dialog.querySelector(".lab-copied").textContent = words.to_clipboard;
    dialog.showModal();
  };
}
