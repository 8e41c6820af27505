"""django-post_office sends a queue, in an environment of its own (bench/requirements.txt); bench/send.py starts it.

Reads one JSON object: Django's `database`, the sink's `port`, how many `mails`, and what stands in each. Prints
`mails`, `seconds`, `processor` and `size` as JSON. Settings are its defaults: batches of 100, one process, five
threads, a row in its log for each mail. Each mail has tokens of its own, which it fills in as it sends
(`render_on_delivery`); to have them filled in before made no difference.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from typing import Any


def main() -> None:
    """Queue, send until nothing is queued, and say how long the sending took."""
    task = json.load(sys.stdin)
    _set_up(task)
    from django.core.management import call_command  # noqa: PLC0415 - Django wants its settings first
    from post_office.mail import send_queued_mail_until_done  # noqa: PLC0415
    from post_office.models import STATUS, Email, EmailTemplate  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    texts = {"subject": task["subject"], "content": task["text"], "html_content": task["html"]}
    template = EmailTemplate.objects.create(name="bench", **texts)
    rows = (_email(Email, STATUS.queued, task, number, template) for number in range(task["mails"]))
    Email.objects.bulk_create(rows, batch_size=1_000)
    size = len(Email.objects.first().email_message().message().as_bytes())
    began, worked = time.perf_counter(), time.process_time()
    send_queued_mail_until_done(lockfile="post_office")
    taken = {"seconds": time.perf_counter() - began, "processor": time.process_time() - worked}
    print(json.dumps(taken | {"mails": Email.objects.filter(status=STATUS.sent).count(), "size": size}))


def _set_up(task: dict[str, Any]) -> None:
    import django  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415

    settings.configure(
        DATABASES={"default": task["database"]},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        EMAIL_BACKEND="post_office.EmailBackend",
        POST_OFFICE={"BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"}},
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=task["port"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        USE_TZ=True,
    )
    django.setup()


def _email(table: Any, queued: int, task: dict[str, Any], number: int, template: Any) -> Any:
    values = {name: before + secrets.token_urlsafe(36) for name, before in task["values"].items()}
    return table(
        from_email=task["sender"],
        to=[f"lead{number}@example.org"],
        template=template,
        context=values,
        headers={name: _filled(each, values) for name, each in task["headers"].items()},
        status=queued,
    )


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{{ {name} }}}}", value)
    return text


if __name__ == "__main__":
    main()
