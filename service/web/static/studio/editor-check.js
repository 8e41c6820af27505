// Asks what is wrong with the text as it stands, saved or not. A newer question ends an older one.
import { words } from "./editor-words.js";

// `take` gets each answer. `told` says so where there is none.
export function check(form, take, told) {
  let asked = null;
  const now = async () => {
    asked?.abort();
    const mine = (asked = new AbortController());
    try {
      const answer = await fetch(form.dataset.check, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
        redirect: "manual",
        signal: mine.signal,
      });
      if (answer.type === "opaqueredirect" || answer.status === 403) told?.say(words.loggedOut);
      else if (answer.status === 503 || answer.status === 429) setTimeout(() => asked === mine && now(), 1000);
      else if (!answer.ok) told?.say(words.notChecked);
      else take(await answer.json());
    } catch (error) {
      if (error.name !== "AbortError") told?.say(words.offline);
    }
  };
  return { now };
}
