"""A room of the studio: the mail editor, and the images of mails."""
