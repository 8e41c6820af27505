"""What staff have to do before a copied topic may go live, as a list to tick off, in Dutch."""

from __future__ import annotations

from collections.abc import Iterable


def checklist(
    *,
    name: str,
    source: str,
    title: str,
    advice: str,
    mails: Iterable[str],
    copied: Iterable[str],
    shared: Iterable[str],
) -> str:
    """The whole list as Markdown. `copied` texts wait for an approval; `shared` ones are other sequences' too."""
    return f"""# {title}: klaar om live te gaan?

De reeks `{name}` is een kopie van `{source}`. Er is nog niets van gepubliceerd: niemand krijgt deze mails.
Werk de lijst van boven naar beneden af en zet een x tussen de haken.

## 1. De teksten

- [ ] De uitleg en de dagen in `sequences/{name}.yaml` kloppen voor dit onderwerp. Laat elke `key` zoals hij is.
- [ ] Elke mail gaat over dit onderwerp. Pas ook `subject` en `preheader` aan. Daarin, en in links, staan geen woorden
      over de klacht: een onderwerpregel leest een ander mee.
{_ticks(f"`email_templates/{each}.md`" for each in mails)}

## 2. De medische teksten: een zorgverlener leest ze en keurt ze goed

- [ ] Het veiligheidsblok (`_veiligheid.md`) staat in alle reeksen. Laat een zorgverlener nagaan of het ook bij dit
      onderwerp past. Wie het verandert, verandert het overal, en dan vervalt de goedkeuring.
- [ ] Deze teksten zijn gekopieerd. Schrijf ze voor dit onderwerp. Ze hebben nog geen goedkeuring; die schrijf je erin
      met `nurture approve NAAM --by "Naam van de zorgverlener"`.
{_ticks(f"`email_templates/{each}`" for each in copied)}
- [ ] Deze teksten deelt de reeks met andere reeksen. Past er een niet? Haal hem dan uit de mail en maak een eigen
      tekst.
{_ticks(f"`email_templates/{each}`" for each in shared)}

## 3. Het formulier

- [ ] In `forms.yaml` onder `{name}`: kop, inleiding, vragen en antwoorden gaan over dit onderwerp. Geen antwoord stuurt
      iemand nog naar een andere reeks; moet dat wel, schrijf dan `chooses_topic` bij dat antwoord.
- [ ] De toestemmingen kloppen. Wie de tekst verandert, geeft ook een nieuwe `version`. Doe dat alleen in overleg met
      wie over de privacy gaat.
- [ ] De bedankpagina (`thank_you`) noemt de afzender en het onderwerp van de eerste mail, precies zoals die heet.

## 4. Uitproberen

- [ ] `nurture check` noemt geen fouten, en je hebt elke waarschuwing bekeken.
- [ ] `nurture simulate {name}` laat zien wat wanneer weggaat.
- [ ] `nurture preview {advice} --out voorbeeld` laat zien hoe het advies eruitziet. Doe dit met elke mail.
- [ ] `nurture send-test {advice} --to JE-EIGEN-ADRES` stuurt het naar jezelf. Je adres staat bij `staff` in
      `practice.yaml`.

## 5. Live

- [ ] `nurture publish --dry-run` laat zien wat er verandert. Daarna: `nurture publish`.
- [ ] Op de pagina van dit onderwerp staat formulier `{name}`. Wat je plakt, laat `nurture snippets {name}` zien:
      het stuurt `form` mee met de waarde `{name}`.
- [ ] Vraag zelf het advies aan via de website, met je eigen adres. Het komt meteen aan, en de links werken.
"""


def _ticks(texts: Iterable[str]) -> str:
    return "\n".join(f"  - [ ] {each}" for each in texts) or "  - (geen)"
