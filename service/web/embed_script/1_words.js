// What people read, in one place. B1 Dutch, calm, and never more certain than we are.
const WORDS = {
  email: "Vul je e-mailadres in.",
  emailShape: "Dit is geen e-mailadres. Controleer of er een @ in staat, zoals in naam@voorbeeld.nl.",
  consent: "Vink aan dat we je het advies mogen sturen.",
  check: "Er klopt nog iets niet. Kijk bij de velden met een uitroepteken.",
  mean: "Bedoel je",
  busy: "Even geduld…",
  slow: "Het duurt langer dan normaal. Laat deze pagina nog even open.",
  offline: "Je hebt nu geen internet. Je aanvraag is niet verstuurd. Probeer het opnieuw als je weer verbinding hebt.",
  lost: "We weten niet of je aanvraag is aangekomen. Druk gerust nog een keer op de knop: je krijgt het advies nooit dubbel.",
  later: "Het lukt nu even niet. Je gegevens staan er nog.",
  often: "Vanaf deze verbinding is het formulier heel vaak verstuurd.",
  again: (when) => `Druk ${when} nog een keer op de knop.`,
  refused: "Het formulier kan hier niet verstuurd worden.",
  elsewhere: "Open het formulier op een eigen pagina",
  unavailable: "Het formulier kan hier nu niet getoond worden.",
  close: "Sluiten",
};

// "over 5 minuten", from seconds; rounded up, so that nobody presses too early.
function after(seconds) {
  if (seconds <= 10) return "over een paar tellen";
  if (seconds <= 90) return "over een minuut";
  if (seconds <= 5400) return `over ${Math.ceil(seconds / 60)} minuten`;
  return `over ${Math.ceil(seconds / 3600)} uur`;
}
