"""A person's own words, what she wishes, and who is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.mail.inbound.automatic import says_away
from service.mail.inbound.classify import judged
from service.mail.inbound.html_text import to_text
from service.mail.inbound.quotes import own_words
from service.mail.inbound.values import Inbound, InboundKind
from service.mail.inbound.wishes import only_a_wish, wants_stop
from tests.support.house import ROOT
from tests.support.inbound_mails import TOKEN

WISHES = """
Stop
STOP!
stop aub
Graag afmelden.
Afmelden svp
Ik wil me graag uitschrijven voor deze mails
Schrijf mij uit
Meld me af alstublieft
Haal me van de lijst
Kunt u mijn mailadres verwijderen?
Verwijder mijn gegevens
Stuur mij geen mails meer
Ik wil geen berichten meer van jullie
Ik hoef geen mail meer te krijgen
Ik ontvang liever geen mails meer
Stop met deze mails
Hou op met mailen
Mail mij niet meer
Wilt u mij niet meer mailen
Laat me met rust
Ik heb besloten jullie mails niet meer te ontvangen
Geen interesse
Kunt u mij verwijderen?
Ik heb geen klachten meer, stuur geen mails meer
Ik heb al een afspraak, dus graag geen mails meer
Kunt u mij van de mailinglijst halen?
Hoe kan ik mij afmelden?
Stuur mij niets meer
Ik wil niets meer van jullie ontvangen
Ik hoef niks meer te ontvangen
Ik wil dit niet meer ontvangen
Ik wil deze mails niet meer
Deze mails hoef ik niet meer
Stuur deze mails niet meer
Kunnen jullie de mails stopzetten?
Graag deze mails stoppen
Ik wil van deze mails af
Mag ik van de maillijst af?
Hou hiermee op
Wilt u hiermee stoppen?
Ik wil dat jullie stoppen
Stop met deze spam
Niet mailen aub
Nee, stop maar
Stop, dank je wel
S\u200btop
Uit\u00adschrijven
Hoe meld ik me af?
Ik ben niet meer geïnteresseerd
Ik heb geen behoefte meer aan deze mails
Hierbij trek ik mijn toestemming in
Ik wil mijn toestemming intrekken
I withdraw my consent
Please leave me alone
Please don't send me anything anymore
Unsubscribe
Please unsubscribe me
Please remove me from your mailing list
Take me off this list
Stop emailing me
Stop sending me emails
No more emails please
Do not contact me again
I don't want to receive these messages
How do I unsubscribe?
Bitte abmelden
Bitte tragen Sie mich aus dem Verteiler aus
Keine Mails mehr bitte
Ich möchte mich abmelden
Schicken Sie mir bitte keine E-Mails mehr
Désinscription
Je souhaite me désabonner
Merci de ne plus m'envoyer de mails
Je ne veux plus recevoir vos courriels
Désinscrivez-moi
Arrêtez de m'écrire
""".strip().splitlines()

NO_WISHES = """
Ik wil deze pijn niet meer krijgen
Ik wil niets meer aan mijn rug krijgen
Ik wil dit niet meer
Jullie mails wil ik niet missen
Waarom gaan de mails stoppen?
Ik wil van de wachtlijst af
Ik wil van mijn klachten af
Kun je daarmee stoppen als het beter gaat?
Ik vind het jammer dat jullie stoppen
De fysio vertelde mij over het zenuwsysteem
Ik ben niet geïnteresseerd in een operatie
Ik heb geen behoefte meer aan pijnstillers
Kan ik mijn toestemming later nog intrekken?
Ik trek mijn schouders in bij pijn
Ik kan deze mail niet openen
Ik stop het in de spam en haal het er weer uit
Nee, het helpt niet
The pain won't leave me alone
I am not interested in surgery
Ik ben gestopt met roken
Moet ik stoppen met de oefeningen?
Wanneer mag ik stoppen met de pijnstillers?
De pijn stopt niet
Stop ik met werken of niet?
Ik wil me afmelden voor de afspraak van dinsdag
Ik kan de afspraak niet afzeggen via de link
Ik wil me niet uitschrijven hoor
Ik heb me per ongeluk uitgeschreven, kan dat terug?
Waarom krijg ik geen mails meer?
Ik heb geen mail ontvangen
Ik heb jullie mails al twee weken niet meer ontvangen
Wij hebben deze mail niet meer gekregen, klopt dat?
De mail zat in de spam
Er komen geen mails meer binnen, klopt dat?
Kunnen jullie mij komen halen?
Ich melde mich ab Montag wieder
Dank voor de mail, geen klachten meer!
Ik heb geen pijn meer
Het gaat niet meer zo goed
Mag ik je nog een mail sturen?
Please don't stop
I stopped running
Should I stop the exercises?
I did not receive your mail
Ich habe keine Schmerzen mehr
Soll ich mit den Übungen aufhören?
Ich bekomme keine Mails mehr von euch, warum?
Je n'ai plus mal
Faut-il arrêter les exercices ?
Je ne reçois plus vos mails
""".strip().splitlines()


@pytest.mark.parametrize("wish", WISHES)
def test_a_wish_for_no_more_mail_is_heard_alone_and_in_a_letter(wish: str) -> None:
    assert wants_stop(wish, "Re: Het advies")
    assert wants_stop(f"Beste praktijk,\n\nDank voor het advies.\n{wish}\n\nGroet,\nAnna", "Re: Het advies")


@pytest.mark.parametrize("words", NO_WISHES)
def test_words_about_something_else_are_no_wish(words: str) -> None:
    assert not wants_stop(words, "Re: Het advies")
    assert not wants_stop(f"Hallo,\n{words}\nGroet, Anna", "Re: Het advies")


@pytest.mark.parametrize(
    "text",
    [
        "stop",
        "Stop aub",
        "Afmelden\n\nAnna",
        "Graag afmelden.\nGroet, Anna de Vries",
        "Geen mails meer\n\nMet vriendelijke groet,\nAnna",
        "",
    ],
)
def test_a_wish_with_a_name_under_it_is_nothing_else(text: str) -> None:
    assert only_a_wish(text, "Re: Het advies")
    assert only_a_wish(text, "unsubscribe")


@pytest.mark.parametrize(
    "text",
    [
        "Stop. Ik wil dood",
        "Stop. Veel pijn",
        "Stop. Verlamd.",
        "Stop aub.\nik val steeds",
        "Geen mails meer, ik ga dood",
        "Stop\n\nhelp",
        "Stop. 0612345678",
        "Stop?",
    ],
)
def test_a_few_words_beside_a_wish_are_words_for_a_person(text: str) -> None:
    assert wants_stop(text, "Re: Het advies")
    assert not only_a_wish(text, "Re: Het advies")


def test_a_subject_of_hers_beside_a_wish_is_words_for_a_person() -> None:
    assert not only_a_wish("stop", "Ik kan niet meer lopen")


def test_a_subject_counts_where_it_is_hers_and_a_bare_word_always() -> None:
    for subject in ("unsubscribe", "Re: Unsubscribe", "AW: Stop", "Graag afmelden", "Ik wil geen mails meer"):
        assert wants_stop("", subject), subject
    for subject in ("Re: Zo stop je met piekeren", "Re: Geen mails meer missen", "Vraag over oefening", ""):
        assert not wants_stop("", subject), subject


def test_our_own_footer_in_an_unmarked_copy_is_no_wish_of_hers() -> None:
    copy = f"Beste Anna,\n\nGeen mails meer? Afmelden:\nhttps://praktijk.example/u/{TOKEN}\nAfmelden:\n"
    assert not wants_stop(f"Dank!\n\n{copy}", "Re: Het advies")


TO_LEADS = [
    path for path in sorted((ROOT / "docs/pictures/mails").glob("*.txt")) if "/TOKEN" in path.read_text("utf-8")
]


@pytest.mark.parametrize("path", TO_LEADS, ids=lambda path: path.stem)
def test_none_of_our_mails_copied_without_a_mark_makes_or_hides_a_wish(path: Path) -> None:
    copy = path.read_text(encoding="utf-8").partition("\n\n")[2].replace("/TOKEN", f"/{TOKEN}")
    assert TOKEN in copy
    for above, wish in (("Dank je wel, dit helpt!", False), ("Hallo,\n\nGraag geen mails meer.\n\nAnna", True)):
        assert answer(f"{above}\n\n{copy}").wants_stop is wish
        assert answer(f"{above}\n\n{copy.partition(chr(10) * 2)[2]}").wants_stop is wish


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Hoi\n\nOp ma 9 mrt 2026 om 10:00 schreef X <x@y.example>:\n> oud", "Hoi"),
        ("Hoi\n\nOn Mon, Mar 9, 2026 at 10:00 AM X <x@y.example>\nwrote:\n> old", "Hoi"),
        ("Hoi\n\nX <x@y.example> schrieb am Mo., 9. März 2026, 10:00:\n> alt", "Hoi"),
        ("Hoi\n\nLe 9 mars 2026 à 10:00, X <x@y.example> a écrit :\nvieux", "Hoi"),
        ("Hoi\n\n-----Oorspronkelijk bericht-----\nVan: X\noud", "Hoi"),
        ("Hoi\n\n----- Original Message -----\nFrom: X\nold", "Hoi"),
        ("Hoi\n\nVan: X\nVerzonden: nu\nAan: Y\nOnderwerp: Z\n\noud", "Hoi"),
        ("Hoi\n\n*Von:* X\n*Gesendet:* jetzt\n*An:* Y\n*Betreff:* Z\n\nalt", "Hoi"),
        ("Hoi\n-- \nAnna\n06", "Hoi"),
        ("> oud\n\nmijn antwoord\n\n> ouder\n\nnog een", "mijn antwoord\n\nnog een"),
        ("Op 9 mrt schreef X:\n> oud\n\nonder", "onder"),
        ("Hoi\n\nVerstuurd vanaf mijn iPhone", "Hoi"),
        ("Van: mijn kant geen vragen", "Van: mijn kant geen vragen"),
        (
            "Op 9 maart om 10 uur heb ik de oefening gedaan:\nhet ging goed",
            "Op 9 maart om 10 uur heb ik de oefening gedaan:\nhet ging goed",
        ),
        ("Mijn arts schreef: rust houden", "Mijn arts schreef: rust houden"),
        ("", ""),
    ],
)
def test_quoted_mail_and_signatures_are_cut_and_own_words_stay(text: str, own: str) -> None:
    assert own_words(text) == own


def answer(text: str, *headers: str, subject: str = "Re: Het advies") -> Inbound:
    head = "\n".join(("From: Anna <anna@example.nl>", "To: antwoord@praktijk.example", f"Subject: {subject}", *headers))
    return judged(f"{head}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode())


def test_words_that_all_look_quoted_are_kept_rather_than_lost_and_wish_nothing() -> None:
    found = answer("> Stop\n> Afmelden")
    assert (found.kind, found.text, found.wants_stop) == (InboundKind.REPLY, "> Stop\n> Afmelden", False)


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-replied; owner-email=a@b",
        "X-Autoreply: yes",
        "Precedence: auto_reply",
    ],
)
def test_a_machine_s_answer_is_told_by_any_of_its_headers_and_wishes_nothing(header: str) -> None:
    found = answer("Ik ben met vakantie. Stop.", header)
    assert (found.kind, found.away, found.wants_stop) == (InboundKind.AUTO_REPLY, True, False)


def test_what_a_person_sends_with_a_header_that_machines_have_too_stays_a_reply() -> None:
    for header in ("X-Auto-Response-Suppress: OOF", "Auto-Submitted: no", "X-Autoreply: no", "Precedence: normal"):
        assert answer("Dank!", header).kind is InboundKind.REPLY, header


@pytest.mark.parametrize("header", ["List-ID: <antwoord.praktijk.example>", "List-Post: <x>\nPrecedence: list"])
def test_an_answer_that_came_by_a_group_is_of_a_person_and_a_newsletter_is_not(header: str) -> None:
    assert answer("Dank!", header, "In-Reply-To: <een@praktijk.example>").kind is InboundKind.REPLY
    assert answer("Dank!", header).kind is InboundKind.NONE
    machine = answer("Gesloten.", header, "In-Reply-To: <een@praktijk.example>", "Auto-Submitted: auto-generated")
    assert machine.kind is InboundKind.NONE


def test_the_sender_is_the_address_and_not_one_that_the_name_holds() -> None:
    for value, sender in (
        ('"anna@example.nl" <ander@elders.example>', "ander@elders.example"),
        ("Anna <anna@example.nl>", "anna@example.nl"),
        ("anna@example.nl (Anna <Jansen>)", "anna@example.nl"),
        ("anna@example.nl", "anna@example.nl"),
        ("Anna", None),
    ):
        assert judged(f"From: {value}\nSubject: x\n\nDank!\n".encode()).sender == sender, value


def letter(*parts: str, kind: str = "multipart/mixed") -> Inbound:
    head = f"From: Anna <anna@example.nl>\nSubject: Re: Het advies\nContent-Type: {kind}; boundary=b\n\n"
    return judged((head + "".join(f"--b\n{each}\n" for each in parts) + "--b--\n").encode())


WORDS = "Content-Type: text/plain; charset=utf-8\n\nZie de foto."
LOGO = "Content-Type: image/png\nContent-ID: <logo>\n\nabc"


@pytest.mark.parametrize(
    "part",
    [
        "Content-Type: application/pdf\nContent-Disposition: attachment; filename=verwijzing.pdf\n\nx",
        "Content-Type: image/jpeg\nContent-Disposition: inline; filename=foto.jpg\n\nx",
        "Content-Type: image/jpeg\nContent-ID: <foto>\n\n" + "x" * 30_000,
        "Content-Type: audio/m4a\n\nx",
        "Content-Type: text/plain\nContent-Disposition: attachment; filename=klachten.txt\n\nx",
        "Content-Type: message/rfc822\n\nFrom: a@b.example\n\nx",
    ],
)
def test_a_mail_with_a_file_a_picture_or_a_mail_in_it_holds_more_than_its_text(part: str) -> None:
    found = letter(WORDS, part)
    assert (found.kind, found.more, found.text) == (InboundKind.REPLY, True, "Zie de foto.")


def test_a_logo_or_a_signature_is_no_more_than_its_text() -> None:
    signature = "Content-Type: application/pkcs7-signature\nContent-Disposition: attachment\n\nx"
    assert not letter(WORDS, LOGO, signature).more
    assert not letter(WORDS, "Content-Type: text/html\n\n<p>Zie de foto.", kind="multipart/alternative").more


def test_words_that_cannot_be_read_or_stand_within_the_quoted_mail_are_more() -> None:
    enciphered = judged(b"From: a@example.nl\nSubject: Re: x\nContent-Type: application/pkcs7-mime\n\nx")
    assert (enciphered.kind, enciphered.more, enciphered.text) == (InboundKind.REPLY, True, "")
    quoted = "\n\nVan: X\nVerzonden: nu\nAan: Y\nOnderwerp: Z\n\nHoe gaat het?\nSlecht, ik kan niet lopen."
    assert answer(f"Mijn antwoorden staan hieronder in het rood.{quoted}").more
    for greeting in ("Hoi,", "Hallo Frank", "Beste heer De Vries,\n\nGroet,\nAnna", "Goedemorgen!"):
        assert answer(f"{greeting}{quoted}").more, greeting
        assert not answer(greeting).more, greeting
    for words in (
        "Dank je wel!",
        "Top",
        "Hoi, het gaat goed.",
        "Ja graag",
        "Prima\nAnna",
        "Dag Frank, dank!",
        "Hoi\nTop!",
    ):
        assert not answer(f"{words}{quoted}").more, words
    assert answer("Hallo\n" + "x" * 600_000).more


def test_a_mail_program_that_signs_off_with_an_empty_mail_says_no_more_than_that() -> None:
    found = answer("", subject="unsubscribe")
    assert (found.wants_stop, found.more) == (True, False)


def test_a_person_who_writes_of_her_holiday_is_no_machine() -> None:
    found = answer("Ik ben volgende week op vakantie, mag ik daarna bellen?", subject="Vakantie")
    assert (found.kind, found.away) == (InboundKind.REPLY, False)


@pytest.mark.parametrize(
    ("text", "away"),
    [
        ("Momenteel ben ik afwezig.", True),
        ("Ik ben er even niet.", True),
        ("Van 1 t/m 14 mei ben ik met verlof.", True),
        ("I am out of the office until Monday.", True),
        ("Ich bin bis Montag nicht im Büro.", True),
        ("Je suis en congé jusqu'à lundi.", True),
        ("We hebben uw bericht ontvangen en antwoorden zo snel mogelijk.", False),
        ("Thank you for contacting us. Your ticket has been created.", False),
        ("Dit adres is niet meer in gebruik.", False),
    ],
)
def test_somebody_who_is_away_is_told_from_a_receipt(text: str, away: bool) -> None:
    assert says_away("Auto: Het advies", text) is away


def test_html_is_read_as_a_reader_sees_it() -> None:
    unseen = "<style>p{}</style><title>t</title><!-- weg --><script>x</script>"
    assert to_text(f"{unseen}<p>Een&nbsp;twee<br>drie</p>{unseen}<blockquote>oud</blockquote>na") == (
        "Een twee\ndrie\n\n> oud\nna"
    )
    assert to_text("a < b & c <") == "a < b & c <"
    assert to_text("</blockquote>a<blockquote>b<p>c") == "a\n> b\n> c"
    assert to_text("a<!-- b") == "a"
    assert to_text("a<script>b") == "a"


@pytest.mark.parametrize("number", ["&#" + "9" * 5000 + ";", "&#x" + "f" * 5000, "&#99999999999"])
def test_a_number_too_long_for_any_character_hides_no_words(number: str) -> None:
    """Python refuses to read a whole number of more than 4300 digits."""
    assert to_text(f"<p>Stop met mailen.</p>{number}") == "Stop met mailen."
    mail = f"From: Anna <anna@example.org>\nSubject: Re: x\nContent-Type: text/html\n\n<p>Stop met mailen.</p>{number}"
    assert judged(mail.encode()).wants_stop
