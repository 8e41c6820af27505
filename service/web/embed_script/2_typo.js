// "Bedoel je gmail.com?": only for domains that look like a slip of the finger in a well-known one.
const KNOWN = (
  "gmail.com hotmail.com hotmail.nl outlook.com outlook.nl live.nl live.com icloud.com yahoo.com ziggo.nl kpnmail.nl " +
  "planet.nl xs4all.nl home.nl hetnet.nl upcmail.nl casema.nl quicknet.nl chello.nl telfort.nl tele2.nl zonnet.nl " +
  "solcon.nl caiway.nl online.nl protonmail.com proton.me"
).split(" ");
// Real ones that happen to look like one of those.
const REAL = (
  "msn.com me.com mac.com mail.com email.com ymail.com gmx.com gmx.net gmx.de hotmail.be hotmail.de hotmail.fr " +
  "hotmail.co.uk outlook.be outlook.de outlook.fr live.be live.de live.fr live.co.uk yahoo.de yahoo.fr yahoo.co.uk " +
  "googlemail.com aol.com kpn.nl tele2.com plane.nl line.nl"
).split(" ");
// Their names belong to one domain alone, so any ending is a slip: gmail.nl, ziggo.com, gmail.
const ONLY = { gmail: "gmail.com", icloud: "icloud.com", ziggo: "ziggo.nl", kpnmail: "kpnmail.nl", xs4all: "xs4all.nl", hetnet: "hetnet.nl" };

// The address that was probably meant, or "" where there is nothing to offer.
function meant(address) {
  const at = address.lastIndexOf("@");
  const domain = address.slice(at + 1).trim().toLowerCase().replace(/,/g, ".").replace(/\.+$/, "");
  if (at < 1 || domain.length < 3 || REAL.includes(domain)) return "";
  const before = address.slice(0, at + 1);
  if (KNOWN.includes(domain)) return address.trim().toLowerCase().endsWith(`@${domain}`) ? "" : before + domain;
  const own = ONLY[domain.split(".")[0]];
  if (own) return before + own;
  let best = "";
  let least = 3;
  for (const known of KNOWN) {
    const far = distance(domain, known);
    // Short ones differ in one sign and are another company's.
    if (far < least && far <= (known.length < 9 ? 1 : 2)) [best, least] = [known, far];
  }
  return best && before + best;
}

// Steps from one word to the other: a letter too many, too few, another one, or two swapped.
function distance(one, other) {
  const rows = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= one.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same);
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[one.length][other.length];
}

// Offers it beneath the field, after the field is left: announced, one press, never in the way.
function helpWithTypos(field, holder, changed) {
  const told = element("p", { class: "suggest", "aria-live": "polite" });
  holder.append(told);
  let timer = 0;
  field.addEventListener("input", () => told.replaceChildren());
  field.addEventListener("blur", () => {
    clearTimeout(timer);
    // After a while: what moves under a finger that is pressing the button would lose the press.
    timer = setTimeout(() => offer(meant(field.value)), 250);
  });
  function offer(address) {
    if (address && told.querySelector(".take")?.textContent === address) return; // it may hold the focus by now
    told.replaceChildren();
    if (!address || field.form.getAttribute("aria-busy") === "true") return;
    const take = element("button", { type: "button", class: "take" }, address);
    take.addEventListener("click", () => {
      field.value = address;
      told.replaceChildren();
      changed(field);
      field.focus();
    });
    told.append(`${WORDS.mean} `, take, "?");
  }
}
