// Questions to the server, one at a time: while one is under way only the newest of the next is kept.
// labAsk(send) → ask(argument) → the answer, or null if a newer question took its place.
function labAsk(send) {
  let busy = false, next = null;
  async function go(argument, resolve, reject) {
    busy = true;
    try {
      resolve(await send(argument));
    } catch (error) {
      reject(error);
    } finally {
      busy = false;
      if (next) {
        const [waiting, ...ends] = next;
        next = null;
        go(waiting, ...ends);
      }
    }
  }
  return (argument) =>
    new Promise((resolve, reject) => {
      if (!busy) return go(argument, resolve, reject);
      if (next) next[1](null);
      next = [argument, resolve, reject];
    });
}
