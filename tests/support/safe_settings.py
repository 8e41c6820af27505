"""The settings of an installation that production starts with."""

from __future__ import annotations

GOOD_KEY = "hL2mXv9QeTzRb7KpWn4YcJdU8sGfA3oM"
SAFE = {
    "NURTURE_ENV": "production",
    "NURTURE_BASE_URL": "https://mail.praktijk.example",
    "NURTURE_MAIL_URL": "smtp://user:hunter2hunter2@mail.praktijk.example:587",
    "NURTURE_MAIL_FROM": "Praktijk <advies@mijnpraktijk.example>",
    "NURTURE_SECRET_KEYS": GOOD_KEY,
    "NURTURE_SUPPRESSION_KEY": GOOD_KEY[::-1],
}
